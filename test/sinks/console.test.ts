// Spark's layout of print; when it is printed is tested with the runtime (test/runtime/print.test.ts).

import { expect, it } from 'vitest'
import { printed } from '../../src/sinks/console.ts'

it('looks at one element more than it shows', () => {
  expect(printed(3)).toMatchObject({ name: { numbered: 'print' }, places: [], takes: 4 })
  expect(printed(3).promise([['a', 1], 'b'], { output: 'print-0', time: 1000, part: 'part-0' })).toEqual({
    lines: ['(a,1)', 'b'],
  })
})

it.each([
  [['a', 'b'], 2, ['a', 'b']],
  [['a', 'b', 'c'], 2, ['a', 'b', '...']],
  [['a'], 0, ['...']],
  [[], 2, []],
])('shows of %j with %i', (lines, count, shown) => {
  const rule = '-'.repeat(43)
  const text = `${[rule, 'Time: 1000 ms', rule, ...shown].join('\n')}\n`
  expect(printed(count).complete(1000, () => lines)).toEqual([{ kind: 'print', text }])
})

it('says which it is where a job has several', () => {
  const [shown] =
    printed(1)
      .among?.('words, print-1: count(lines)')
      .complete(1000, () => ['3']) ?? []
  const rule = '-'.repeat(43)
  expect(shown).toEqual({ kind: 'print', text: `${rule}\nTime: 1000 ms (words, print-1: count(lines))\n${rule}\n3\n` })
})

it('shows a carriage return, which would hide what stands before it', () => {
  expect(printed(1).promise(['a\r'], { output: 'print-0', time: 1000, part: 'part-0' })).toEqual({ lines: ['a\\r'] })
})

it.each([-1, 0.5, Number.NaN])('refuses %d elements', (count) => {
  expect(() => printed(count)).toThrow(`print: the number of elements must be a whole number, got ${count}.`)
})
