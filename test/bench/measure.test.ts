import { expect, it } from 'vitest'
import { compare, spread } from '../../bench/lib/measure.ts'
import { formatTable } from '../../bench/lib/table.ts'

it('takes the median and the quarters of what was measured', () => {
  expect(spread([5, 1, 3])).toEqual({ low: 2, median: 3, high: 4 })
  expect(spread([7])).toEqual({ low: 7, median: 7, high: 7 })
})

it('runs contenders in turns, each on the same input, another one first every round', async () => {
  const turns: string[] = []
  let prepared = 0
  const contender = (name: string) => ({ name, run: (input: number) => void turns.push(`${name}${input}`) })
  const plan = { rounds: 2, warmUp: 1, units: 10, prepare: () => ++prepared }
  const results = await compare([contender('a'), contender('b')], plan)
  expect(turns).toEqual(['b1', 'a1', 'a2', 'b2', 'b3', 'a3'])
  expect(results.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(results[0]?.ratio).toEqual({ low: 1, median: 1, high: 1 })
})

it('draws tables whose columns stand below each other', () => {
  expect(formatTable(['what', 'n'], [['a', '1000']]).split('\n')).toEqual([
    '| what |    n |',
    '| ---- | ---: |',
    '| a    | 1000 |',
  ])
})
