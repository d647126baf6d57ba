// A run ends although a window over what is never empty would not.

import { describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/graph/job.ts'
import { type DStream, job, StateSpec, seconds, text } from '../../src/index.ts'
import { reachOf, windowsOf } from '../../src/plan/reach.ts'
import { listed } from '../local/bounded/listed.ts'
import { contents, ran } from '../local/bounded/ran.ts'

const over = (make: (values: DStream<string>) => void) =>
  job('reach', { batch: seconds(1), numPartitions: 1 }, ({ kafka }) => {
    make(kafka('lines', { value: text() }).map(({ value }) => value))
  })
const reach = (make: (values: DStream<string>) => void): number => reachOf(definitionOf('test', over(make)))
const save = (name: string, stream: DStream<unknown>): void => stream.saveAsTextFiles(`s3://results/${name}`)

describe('the reach of a job', () => {
  it('is that of windows one after the other, along the longest way', () => {
    expect(reach((values) => save('a', values))).toBe(0)
    expect(reach((values) => save('a', values.countByWindow('3s', '1s')))).toBe(4000)
    expect(
      reach((values) => {
        save('a', values.window('5s', '1s', { id: 'long' }))
        save('b', values.window('3s', '1s', { id: 'short' }).count().window('4s', '2s'))
      }),
    ).toBe(3000 + 1000 + 4000 + 2000)
  })

  it('is not known of timeouts, and of functions that are called after the commit', () => {
    const seen = StateSpec.function(
      (_: string, value: number | undefined, _state: { update(n: number): void }) => value,
    ).timeout('1h')
    expect(reach((values) => save('a', values.map((value) => [value, 1]).mapWithState(seen)))).toBe(
      Number.POSITIVE_INFINITY,
    )
    expect(reach((values) => values.foreachRDD(() => {}))).toBe(Number.POSITIVE_INFINITY)
    const both = over((values) =>
      save(
        'a',
        values
          .window('3s', '1s')
          .map((value) => [value, 1])
          .mapWithState(seen),
      ),
    )
    expect(windowsOf(definitionOf('test', both))).toBe(4000)
  })
})

it.each([
  ['count', (values: DStream<string>) => values.count()],
  ['transform', (values: DStream<string>) => values.transform((batch) => [batch.count()])],
] as const)('a run ends with a window over %s, when the last record has left it', async (_, never) => {
  const code = over((values) => save('sums', never(values).window('3s', '1s')))
  const { published } = await ran(code, {
    partitions: [
      listed('lines', 0, [
        { value: 'a', at: 100 },
        { value: 'b', at: 2100 },
      ]),
    ],
  })
  const found = contents(published)
  expect(found['sums-3000']).toEqual(['0', '1', '1', 'complete: true'])
  expect(found['sums-5000']).toEqual(['0', '0', '1', 'complete: true'])
  expect(Object.keys(found).length).toBeLessThan(16)
})
