// functions/log-errors.ts: counts and alerts are those of a recount that looks at all minutes at once.

import { expect, it } from 'vitest'
import { LOG_ERRORS } from '../../demo/programs/log-errors.ts'
import { alerts, errorsByService } from '../../functions/log-errors.ts'
import { testStream } from '../../src/testing/index.ts'
import { batched, WAYS, wrongIn } from './streamed.ts'

it.each(WAYS)('counts errors, and finds the minutes with far too many: %j', async (how) => {
  const { placed, values } = batched(LOG_ERRORS)
  const [errors, found] = await testStream({ batch: LOG_ERRORS.batch, inputs: [values], ...how }, (lines) => {
    const counts = errorsByService(lines)
    return [counts.map(([service, count]) => ({ service, errors: count })), alerts(counts)] as const
  })
  expect(wrongIn('errors', LOG_ERRORS, placed, errors)).toEqual([])
  expect(wrongIn('alerts', LOG_ERRORS, placed, found)).toEqual([])
  expect(found.flat().map(({ service, minute }) => `${service} ${minute.slice(11, 16)}`)).toEqual([
    'checkout 00:25',
    'search 00:40',
    'checkout 01:10',
    'mail 01:30',
  ])
})

const errorsOf = (service: string, count: number): string[] =>
  Array.from({ length: count }, () => `2026-11-30T18:42:19.500Z ERROR ${service} no answer`)

async function alertsOf(...counts: readonly number[]) {
  const inputs: [string[][]] = [counts.map((count) => errorsOf('mail', count))]
  const found = await testStream({ batch: '1m', inputs }, (lines) => alerts(errorsByService(lines)))
  return found.flatMap((some, i) => (some.length > 0 ? [i] : []))
}

it('says nothing before there is a past, nor of an error more than ever', async () => {
  expect(await alertsOf(1, 1, 1, 1, 90)).toEqual([])
  expect(await alertsOf(...Array.from({ length: 20 }, () => 2), 3, 4, 5, 6)).toEqual([23])
})

it('counts minutes without errors as such', async () => {
  const quiet = Array.from({ length: 30 }, () => 0)
  expect(await alertsOf(4, ...quiet, 4)).toEqual([31]) // among minutes with errors four would be usual
})

it('learns what it has reported: a level that stays is news only for a while', async () => {
  const [low, high] = [Array.from({ length: 30 }, (_, i) => i % 3), Array.from({ length: 30 }, () => 12)]
  const found = await alertsOf(...low, ...high)
  expect(found[0]).toBe(30)
  expect(found.length).toBeLessThan(6)
})

it('takes levels and services from where they stand, and other lines for what belongs to the line before', async () => {
  const lines = [
    '2026-11-30T18:42:19.500Z ERROR mail gone',
    '2026-11-30T18:42:19.501Z FATAL mail gone for good',
    '2026-11-30T18:42:19.502Z INFO mail ERROR is but a word',
    '    at Till.open (till.js:12:7)',
    '',
    'x ERROR',
  ]
  expect(await testStream({ batch: '1m', inputs: [[lines]] }, errorsByService)).toEqual([[['mail', 2]]])
})
