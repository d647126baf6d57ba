// Records as large as Lambda's 6 MB event lets through (some 4.5 MB, base64 takes a third more): as output, in quarantine,
// and on their way through a shuffle.

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { job, json, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

/** Text that does not compress to less than three quarters. */
const LARGE = randomBytes(3_300_000).toString('base64')
const event = kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: 500, value: LARGE }] })
const next = kafkaEvent({ 'lines-0': [{ offset: 1, timestamp: 1500, value: 'x' }] })

it('fits into an event of Lambda', () => {
  const bytes = JSON.stringify(event).length
  expect(bytes).toBeLessThan(6 * 1024 * 1024)
  expect(bytes).toBeGreaterThan(5.5 * 1024 * 1024)
})

it('is written as it is', async () => {
  const environment = memoryEnvironment()
  const whole = job('large', { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/large')
  })
  await lambda(whole, { environment })(event)
  const parts = await readObjects(environment.objects, 'results', 'large-1000/part')
  expect([...parts.values()].map((body) => body === `${LARGE}\n`)).toEqual([true])
})

it('is quarantined whole when it cannot be decoded', async () => {
  const environment = memoryEnvironment()
  const strict = job('strict', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
    kafka('lines', { value: json() })
      .map(({ value }) => value)
      .saveAsNdjsonFiles('s3://results/strict')
  })
  await lambda(strict, { environment })(event)
  const [quarantined = ''] = (await readObjects(environment.objects, 'state', '_millrace/quarantine/')).values()
  const { offset, value, error } = JSON.parse(quarantined)
  expect([offset, Buffer.from(value, 'base64').toString() === LARGE, error.code]).toEqual([0, true, 'UNDECODABLE'])
})

it('goes through a shuffle and state by way of spilled commits', async () => {
  const environment = memoryEnvironment()
  const last = job('last', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value.length, value] as const)
      .updateStateByKey((values: readonly string[], kept: string | undefined) => values.at(-1) ?? kept)
      .map(([length, value]) => `${length} ${value === LARGE}`)
      .saveAsTextFiles('s3://results/last')
  })
  const handler = lambda(last, { environment })
  await handler(event)
  await handler(next)
  const parts = await readObjects(environment.objects, 'results', 'last-1000/part')
  expect([...parts.values()]).toEqual([`${LARGE.length} true\n`])
  expect((await readObjects(environment.objects, 'state', '_millrace/spill/')).size).toBeGreaterThan(0)
})
