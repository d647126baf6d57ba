// A job that never comes to rest outlives the retention of its logs many times over: what is still needed must not expire.

import { expect, it } from 'vitest'
import { JobRuntime } from '../../src/runtime/job-runtime.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { defined } from '../support/definition.ts'
import { eventRecord } from '../support/kafka-events.ts'
import { statefulJob } from './stateful-jobs.ts'

const START = 1_700_000_000_000
const MINUTE = 60_000

it.each([
  ['bucket', 'warm'],
  ['bucket', 'cold'],
  ['partition', 'warm'],
  ['partition', 'cold'],
])('keeps the state of a quiet %s in a busy job whose instances are %s', async (place, how) => {
  const inPlace = place === 'partition'
  const table = memoryTable()
  const base = memoryEnvironment(START)
  const environment = () => ({ ...base.another(), table })
  const job = statefulJob('mapState', { batch: MINUTE, numPartitions: 3, idleAfter: MINUTE, retention: '1h' }, inPlace)
  const words = ['rare', ...Array.from({ length: 300 }, () => 'busy'), 'rare', 'busy']
  let runtime = new JobRuntime(defined(job), environment())
  const next = [0, 0]
  for (const [i, value] of words.entries()) {
    const timestamp = START + i * 0.9 * MINUTE
    base.setTime(timestamp)
    table.deleteExpired(Math.floor(timestamp / 1000))
    if (how === 'cold') runtime = new JobRuntime(defined(job), environment())
    const partition = inPlace && value === 'rare' ? 1 : 0
    const offset = next[partition] ?? 0
    next[partition] = offset + 1
    const records = [eventRecord('lines', partition, { offset, timestamp, value })]
    for (const { error } of await runtime.process([{ feed: 'lines', task: `lines-${partition}`, records }])) {
      if (error !== undefined) throw error
    }
  }
  // Sooner than after `retention`: a log that nobody has looked after for so long says so.
  base.setTime(START + 300 * MINUTE)
  await new JobRuntime(defined(job), environment()).wake(START + 300 * MINUTE)
  const lines = [...(await readObjects(base.objects, 'results')).values()].join('')
  expect(lines).toContain('rare 2\n')
  expect(lines).toContain('busy 301\n')
})
