// The table of Structured Streaming's console sink, to the letter. Source: `ConsoleWriter.printRows`, `Dataset.showString` and
// `ToPrettyString` of org.apache.spark.sql; tables as Spark's own DatasetSuite and DataFrameSuite have them.

import { describe, expect, it } from 'vitest'
import { printedTable, type TableOptions } from '../../src/sinks/table.ts'

function shown(elements: readonly unknown[], count = 20, options: TableOptions = {}): string {
  const sink = printedTable(1000, count, options)
  const { lines = [] } = sink.promise(elements.slice(0, sink.takes), { output: 'print-0', time: 2000, part: 'part-0' })
  const [effect] = sink.complete(2000, () => lines)
  return effect?.kind === 'print' ? effect.text : ''
}

const table = (...args: Parameters<typeof shown>): string[] =>
  shown(...args)
    .split('\n')
    .slice(3, -1)

describe('printTable', () => {
  it('begins as the console sink does, and ends in an empty line, which print adds', () => {
    const rule = '-'.repeat(43)
    expect(shown([{ id: 7, ok: true }])).toBe(`${rule}
Batch: 2
${rule}
+---+----+
| id|  ok|
+---+----+
|  7|true|
+---+----+
`)
  })

  it.each([
    ['tuples', [['a', 1]], ['+---+---+', '| _1| _2|', '+---+---+', '|  a|  1|', '+---+---+']],
    ['single values', ['hello'], ['+-----+', '|value|', '+-----+', '|hello|', '+-----+']],
    ['no rows', [], ['++', '||', '++', '++']],
    [
      'rows with other columns',
      [{ a: 1 }, { b: null }],
      ['+----+----+', '|   a|   b|', '+----+----+', '|   1|NULL|', '|NULL|NULL|', '+----+----+'],
    ],
    [
      'characters of two places',
      [{ 가: 'xyz' }, { 가: '가나다라' }],
      ['+--------+', '|      가|', '+--------+', '|     xyz|', '|가나다라|', '+--------+'],
    ],
    [
      'what would break a line',
      ['a\r\n\tb\u0007'],
      ['+----------+', '|     value|', '+----------+', '|a\\r\\n\\tb\\a|', '+----------+'],
    ],
  ])('lays out %s', (_, elements, wanted) => {
    expect(table(elements)).toEqual(wanted)
  })

  it.each([
    [undefined, 'NULL'],
    [Number.NaN, 'NaN'],
    [12, '12'],
    [new Date('2026-11-30T18:42:19.500Z'), '2026-11-30 18:42:19.5'],
    [new Date('2026-11-30T18:40:00Z'), '2026-11-30 18:40:00'],
    [Uint8Array.of(1, 171), '[01 AB]'],
    [[1, null, 'x'], '[1, NULL, x]'],
    [new Set([1, 2]), '[1, 2]'],
    [new Map([['k', [1]]]), '{k -> [1]}'],
    [{ a: 1, b: { c: 'x' } }, '{1, {x}}'],
  ])('shows %j in a cell as %s', (value, wanted) => {
    expect(
      table([{ cell: value }], 20, { truncate: false })[3]
        ?.slice(1, -1)
        .trim(),
    ).toBe(wanted)
  })

  it('shows a bigint by its digits', () => {
    expect(table([2n ** 70n])[3]).toBe('|11805916207174113...|')
  })

  it('cuts cells at 20 characters, or where it is told', () => {
    const long = '123456789012345678901'
    expect(table([long])[3]).toBe('|12345678901234567...|')
    expect(table([long], 20, { truncate: true })[3]).toBe('|12345678901234567...|')
    expect(table([long], 20, { truncate: 3 })[3]).toBe('|  123|')
    expect(table([long, 'x'], 20, { truncate: false }).slice(3, 5)).toEqual([`|${long}|`, `|x${' '.repeat(20)}|`])
  })

  it('says when there are more rows, and looks at no more than it needs', () => {
    expect(table([1, 2, 3], 2).slice(-3)).toEqual(['|    2|', '+-----+', 'only showing top 2 rows'])
    expect(table([1, 2], 1).at(-1)).toBe('only showing top 1 row')
    expect(table([1, 2], 2).at(-1)).toBe('+-----+')
    expect(table([1], 0)).toEqual(['++', '||', '++', '++', 'only showing top 0 rows'])
    expect(printedTable(1000, 3).takes).toBe(4)
  })

  it.each([
    [-1, {}, 'printTable: the number of elements must be a whole number, got -1.'],
    [1, { truncate: 0.5 }, 'printTable, truncate: must be a whole number of characters, true or false, got 0.5.'],
  ])('refuses %j rows with %j', (count, options, message) => {
    expect(() => printedTable(1000, count, options)).toThrow(message)
  })
})
