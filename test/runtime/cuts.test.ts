// How the event source cuts a partition into invocations shows nowhere (I2): not in the order of lists either, nor in what is spread
// evenly over buckets.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DStream, KafkaRecord } from '../../src/index.ts'
import { job, text } from '../../src/index.ts'
import { driven, records as of } from '../support/driven.ts'
import type { SimpleRecord } from '../support/kafka-events.ts'

type Records = DStream<KafkaRecord<string>>
const pairs = (s: Records) => s.map(({ value, offset }) => [value, offset] as const)
const list = ([key, all]: readonly [string, readonly unknown[]]) => `${key} ${all.join(' ')}`

const JOBS: readonly (readonly [string, (s: Records) => DStream<unknown>])[] = [
  ['repartition', (s) => s.map(({ offset }) => offset).repartition(3)],
  ['repartition, then groupByKey', (s) => pairs(s).repartition(3).groupByKey().map(list)],
  ['window, then groupByKey', (s) => pairs(s).window('2s').groupByKey().map(list)],
  [
    'union, then groupByKey',
    (s) =>
      pairs(s)
        .union(pairs(s.filter((r) => r.offset % 2 === 0)).mapValues((n) => -n))
        .groupByKey()
        .map(list),
  ],
  [
    'union, then repartition',
    (s) =>
      pairs(s)
        .union(pairs(s))
        .map(([, n]) => n)
        .repartition(2),
  ],
  [
    'flatMap, then repartition',
    (s) => s.flatMap(({ value, offset }) => [...value].map((c, i) => `${c}${offset}.${i}`)).repartition(4),
  ],
  [
    'mapAsync and filter, then window',
    (s) =>
      s
        .mapAsync(async (r) => r.offset)
        .filter((n) => n % 3 !== 0)
        .window('3s', '1s'),
  ],
  [
    'union of two shuffles',
    (s) =>
      pairs(s)
        .groupByKey()
        .map(list)
        .union(
          pairs(s)
            .reduceByKey((a, b) => a + b)
            .map(String),
        ),
  ],
]

/** Of partition 0 and 1: what is published for every closed batch, however they are cut. */
async function run(
  define: (s: Records) => DStream<unknown>,
  records: readonly SimpleRecord[],
  cuts: readonly number[],
) {
  const code = job('cut', { batch: 1000, numPartitions: 3, idleAfter: '1h' }, ({ kafka }) => {
    define(kafka('t', { value: text() })).saveAsTextFiles('s3://results/out')
  })
  const cut = driven(code, { partitions: { t: 2 } })
  const bounds = [...new Set([0, ...cuts.map((at) => at % records.length), records.length])].sort((a, b) => a - b)
  for (const [i, from] of bounds.slice(0, -1).entries()) {
    const some = records.slice(from, bounds[i + 1])
    await cut.deliver(of('t-0', some))
    await cut.deliver(of('t-1', some))
  }
  const objects = Object.entries(await cut.published('out-'))
  return Object.fromEntries(objects.filter(([key]) => /-[1-4]000\//.test(key)))
}

it.each(JOBS)('%s', async (_, define) => {
  const values = fc.array(fc.constantFrom('a', 'b', 'cd', ''), { minLength: 8, maxLength: 40 })
  const cuts = fc.array(fc.nat(), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(values, cuts, fc.nat(100), async (some, at, from) => {
      const last = { value: 'z', timestamp: 9000, offset: from + some.length }
      const records = some.map((value, i) => ({ value, timestamp: (4000 * i) / some.length, offset: from + i }))
      expect(await run(define, [...records, last], at)).toEqual(await run(define, [...records, last], []))
    }),
    { numRuns: 25 },
  )
})

it('spreads evenly, also what a regular filter has left', async () => {
  const sizes = async (keep: (offset: number) => boolean) => {
    const records = Array.from({ length: 400 }, (_, offset) => ({ offset, timestamp: 0, value: 'a' }))
    const all = await run(
      (s) =>
        s
          .filter(({ offset }) => keep(offset))
          .map(() => 1)
          .repartition(4),
      [...records, { offset: 400, timestamp: 9000, value: 'z' }],
      [],
    )
    return Object.entries(all).flatMap(([key, lines]) => (key.includes('part-') ? [lines.length / 2] : []))
  }
  expect(await sizes(() => true)).toEqual([200, 200, 200, 200])
  for (const size of await sizes((offset) => offset % 2 === 0)) expect(size).toBeGreaterThan(70)
})
