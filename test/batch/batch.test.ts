import { expect, it } from 'vitest'
import { batchOf } from '../../src/batch/batch.ts'

const info = { time: 1000, id: 'words/out/1000', offsetRanges: [] }
const numbers = (...partitions: number[][]) => batchOf<number>(partitions, info)

it('runs nothing before an action asks, and once for all of them', () => {
  let calls = 0
  const batch = numbers([1, 2], [3]).map((n) => {
    calls++
    return n * 10
  })
  expect(calls).toBe(0)
  expect(batch.collect()).toEqual([10, 20, 30])
  expect(batch.count()).toBe(3)
  expect(calls).toBe(3)
})

it('says when and whose it is, derived or not', () => {
  const offsetRanges = [{ topic: 'lines', partition: 0, fromOffset: 3, untilOffset: 5 }]
  const batch = batchOf<number>([[1]], { ...info, offsetRanges }).map(String)
  expect(batch).toMatchObject({ time: 1000, id: 'words/out/1000', offsetRanges })
  expect(batch.filter((text) => text !== '1')).toMatchObject({ offsetRanges })
})
