// I2: a bounded run and a stream of the same records publish the same, however either was cut.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { job, type State, StateSpec, seconds, text } from '../../../src/index.ts'
import { driven, records } from '../../support/driven.ts'
import { type Listed, listed } from './listed.ts'
import { contents, ran } from './ran.ts'

const many = job('many', { batch: seconds(1), numPartitions: 2 }, ({ kafka }) => {
  const words = kafka('lines', { value: text() })
    .map(({ value }) => value)
    .filter((word) => word !== '')
  const others = kafka('others', { value: text() }).map(({ value }) => [value, 'other'] as const)
  const ones = words.map((word) => [word, 1] as const)
  words.saveAsTextFiles('s3://results/words')
  ones.reduceByKey((a, b) => a + b).saveAsNdjsonFiles('s3://results/counts')
  ones
    .reduceByKeyAndWindow((a, b) => a + b, seconds(3), seconds(2), { id: 'window' })
    .saveAsNdjsonFiles('s3://results/window')
  ones.join(others, { id: 'joined' }).saveAsNdjsonFiles('s3://results/joined')
  ones
    .mapWithState(
      StateSpec.function((key: string, one: number | undefined, state: State<number>) => {
        if (state.isTimingOut()) return `${key} is gone`
        const sum = (state.getOption() ?? 0) + (one ?? 0)
        state.update(sum)
        return `${key} ${sum}`
      }).timeout(seconds(5)),
      { id: 'states' },
    )
    .saveAsTextFiles('s3://results/states')
})

const word = fc.constantFrom('a', 'b', 'c', 'd')
const record = fc.record({ value: word, at: fc.nat(20_000) })
/** Mostly in order, as producers send them, and some that are late. */
const partition = fc
  .array(record, { maxLength: 30 })
  .chain((list) => fc.boolean().map((inOrder) => (inOrder ? list.toSorted((a, b) => a.at - b.at) : list)))
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

async function streamed(
  parts: Readonly<Record<string, readonly Listed[]>>,
  sizes: readonly number[],
  picks: readonly number[],
) {
  const stream = driven(many, { partitions: { lines: 2, others: 2 } })
  const left = Object.entries(parts).map(([name, list]) => ({ name, list: [...list] }))
  for (let n = 0; left.some(({ list }) => list.length > 0); n++) {
    const some = left.filter(({ list }) => list.length > 0)
    const one = some[(picks[n % picks.length] ?? 0) % some.length]
    const taken = one?.list.splice(0, sizes[n % sizes.length] ?? 1) ?? []
    const values = taken.map(({ value, at }) => ({ value, timestamp: at }))
    await stream.deliver(records(one?.name ?? '', values))
  }
  await stream.rest()
  return stream.published()
}

describe('a bounded run', () => {
  it('publishes what a stream of the same records does', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[fc.tuple(partition, partition, partition, partition), cuts, cuts, cuts],
        async ([a, b, c, d], sizes, picks, pieces) => {
          const parts = { 'lines-0': a, 'lines-1': b, 'others-0': c, 'others-1': d }
          const stream = contents(await streamed(parts, sizes, picks))
          const lists = [
            listed('lines', 0, a, pieces),
            listed('lines', 1, b, pieces),
            listed('others', 0, c, pieces),
            listed('others', 1, d, pieces),
          ]
          const { published, report } = await ran(many, { partitions: lists })
          expect(contents(published)).toEqual(stream)
          expect(report.records).toBe(a.length + b.length + c.length + d.length)
        },
      ),
      { numRuns: 60 },
    )
  })
})
