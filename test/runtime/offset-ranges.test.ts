import { expect, test } from 'vitest'
import { job, type OffsetRange, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const range = (topic: string, partition: number, fromOffset: number, untilOffset: number): OffsetRange => ({
  ...{ topic, partition, fromOffset, untilOffset },
})

/** A job that notes what its batches say of their offsets: in `transform` as lines, in `foreachRDD` here. */
function noting() {
  const seen: [time: number, ranges: readonly OffsetRange[]][] = []
  const code = job('noting', { batch: '1s' }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() }).map(({ value }) => value)
    const marks = kafka('marks', { value: text() }).map(({ value }) => value)
    lines
      .filter((line) => line !== 'drop')
      .transformWith(marks, (batch, other) => [[batch, other].map((one) => one.map(String).offsetRanges)])
      .map((ranges) => JSON.stringify(ranges.map((some) => some.map((one) => Object.values(one).join(' ')))))
      .saveAsTextFiles('s3://results/ranges')
    lines
      .map((line) => [line, 1] as const)
      .reduceByKey((a, b) => a + b)
      .foreachRDD((batch, time) => {
        seen.push([time, batch.map(([line]) => line).filter(Boolean).offsetRanges])
      })
  })
  return { code, seen }
}

test('a batch says which offsets of which partitions it was read from, however they came, and derived ones say it too', async () => {
  const { code, seen } = noting()
  const run = driven(code, { partitions: { lines: 3, marks: 1 } })
  await run.deliver(records('lines-0', ['a', 'drop'], { at: 100 }), records('lines-2', ['c'], { at: 200 }))
  await run.another().deliver(records('lines-0', ['b', 'c', 'd'], { at: 400, step: 400 })) // 400, 800 | 1200
  await run.deliver(records('marks-0', ['x'], { at: 1100 }))
  await run.another().rest()
  const first = [range('lines', 0, 0, 4), range('lines', 2, 0, 1)]
  const second = [range('lines', 0, 4, 5)]
  expect(seen).toEqual([
    [1000, first],
    [2000, second],
  ])
  expect(await run.text('ranges-1000/part')).toBe('[["lines 0 0 4","lines 2 0 1"],[]]\n')
  expect(await run.text('ranges-2000/part')).toBe('[["lines 0 4 5"],["marks 0 0 1"]]\n')
})

test('what waits for its function keeps its offsets, in the log too, and every try is told the same', async () => {
  const seen: (readonly OffsetRange[])[] = []
  const code = job('retried', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() }).foreachRDD((batch) => {
      seen.push(batch.offsetRanges)
      if (seen.length === 1) throw new Error('away')
    })
  })
  const run = driven(code, { partitions: { lines: 1 } })
  await run.deliver(records('lines-0', ['a', 'b'], { at: 100, from: 7 }))
  await run.rest()
  await run.another().rest()
  expect(seen).toEqual([[range('lines', 0, 7, 9)], [range('lines', 0, 7, 9)]])
})

test('only commits of topics that somebody asks about say it, in at most 40 bytes', async () => {
  const plain = job('copy', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() }).print()
    kafka('marks', { value: text() }).print()
  })
  const asking = job('copy', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() }).print()
    kafka('marks', { value: text() }).print()
    kafka('lines', { value: text() })
      .filter(() => false)
      .foreachRDD(() => {})
  })
  const heads = await Promise.all(
    [plain, asking].map(async (code) => {
      const run = driven(code, { partitions: { lines: 1, marks: 1 } })
      await run.deliver(records('lines-0', ['a'], { at: 100 }), records('marks-0', ['a'], { at: 100 }))
      const heads = await Promise.all(['lines-0', 'marks-0'].map((task) => run.head('source', task)))
      return heads.map((head) => head?.body.length ?? 0)
    }),
  )
  const [[plainLines = 0, plainMarks] = [], [askingLines = 0, askingMarks] = []] = heads
  expect(askingMarks).toBe(plainMarks)
  expect(askingLines).toBeGreaterThan(plainLines)
  expect(askingLines - plainLines).toBeLessThanOrEqual(40)
})
