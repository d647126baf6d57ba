// What goes wrong behind a shuffle, where no single record is to blame: an error that names the batch, nothing committed of it,
// and code that is put right goes on exactly where the other had stopped.

import { describe, expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const counts = (map: (pair: [string, number]) => unknown): Job =>
  job('counts', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .reduceByKey((a, b) => a + b)
      .map(map)
      .saveAsNdjsonFiles('s3://results/counts')
  })

describe.each<[string, string, string, (pair: [string, number]) => unknown]>([
  [
    'a function that throws',
    'BATCH_FAILED',
    'combineByKey(lines)',
    () => {
      throw new TypeError('boo')
    },
  ],
  ['an element without a form', 'UNENCODABLE', 's3://results/counts', () => ({ big: 1n })],
])('%s in a bucket', (_, code, place, broken) => {
  it('stops the batch by name, every time, and nothing of it shows', async () => {
    const environment = memoryEnvironment(0)
    const handler = lambda(counts(broken), { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b', 'a']) }))
    for (let n = 0; n < 2; n++) {
      const event = kafkaEvent({ 'lines-0': lines(['c'], { from: 3 + n, at: 1000 * (n + 1) }) })
      await expect(handler(event)).rejects.toMatchObject({ code, message: expect.stringContaining(place) })
      expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
    }
    environment.setTime(60_000)
    const mended = lambda(
      counts((pair) => pair),
      { environment: environment.another({ code: 'v2' }) },
    )
    await mended(kafkaEvent({ 'lines-0': lines(['d'], { from: 5, at: 3000 }) }))
    const parts = await readObjects(environment.objects, 'results')
    expect([...parts].filter(([key]) => key.includes('part'))).toEqual([
      ['counts-1000/part-00000', '["a",2]\n["b",1]\n'],
      ['counts-2000/part-00000', '["c",1]\n'],
      ['counts-3000/part-00000', '["c",1]\n'],
    ])
  })
})
