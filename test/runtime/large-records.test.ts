// Records as large as Lambda's 6 MB event lets through (some 4.5 MB, base64 takes a third more): as output, in quarantine,
// and on their way through a shuffle.

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { job, json, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

/** Text that does not compress to less than three quarters. */
const LARGE = randomBytes(3_300_000).toString('base64')
const large = records('lines-0', [LARGE], { at: 500 })

it('fits into an event of Lambda', () => {
  const event = kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: 500, value: LARGE }] })
  const bytes = JSON.stringify(event).length
  expect(bytes).toBeLessThan(6 * 1024 * 1024)
  expect(bytes).toBeGreaterThan(5.5 * 1024 * 1024)
})

it('is written as it is', async () => {
  const whole = job('large', { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/large')
  })
  const copy = driven(whole)
  await copy.deliver(large)
  expect(Object.values(await copy.published('large-1000/part')).map((body) => body === `${LARGE}\n`)).toEqual([true])
})

it('is quarantined whole when it cannot be decoded', async () => {
  const strict = job('strict', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
    kafka('lines', { value: json() })
      .map(({ value }) => value)
      .saveAsNdjsonFiles('s3://results/strict')
  })
  const copy = driven(strict)
  await copy.deliver(large)
  const [quarantined = ''] = Object.values(await copy.published('_millrace/quarantine/', 'state'))
  const { offset, value, error } = JSON.parse(quarantined)
  expect([offset, Buffer.from(value, 'base64').toString() === LARGE, error.code]).toEqual([0, true, 'UNDECODABLE'])
})

it('goes through a shuffle and state by way of spilled commits', async () => {
  const last = job('last', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value.length, value] as const)
      .updateStateByKey((values: readonly string[], kept: string | undefined) => values.at(-1) ?? kept)
      .map(([length, value]) => `${length} ${value === LARGE}`)
      .saveAsTextFiles('s3://results/last')
  })
  const copy = driven(last)
  await copy.deliver(large)
  await copy.deliver(records('lines-0', ['x'], { at: 1500 }))
  expect(Object.values(await copy.published('last-1000/part'))).toEqual([`${LARGE.length} true\n`])
  expect(Object.keys(await copy.published('_millrace/spill/', 'state'))).not.toEqual([])
})
