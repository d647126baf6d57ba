// Timeouts that are due long after everything else: logs are sealed meanwhile (DESIGN §3), and new code may bring them forward.

import { expect, it } from 'vitest'
import { type Job, job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = 1_700_000_000_000

const track = (word: string, one: number | undefined, state: State<number>): string => {
  if (state.isTimingOut()) return `${word} timed out`
  state.update((state.getOption() ?? 0) + (one ?? 0))
  return `${word} came`
}

function timed(timeout: string): Job {
  return job('timed', { batch: seconds(1), numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .mapWithState(StateSpec.function(track).timeout(timeout))
      .saveAsTextFiles('s3://results/timed')
  })
}

/** Wake-ups one after the other, up to this time. */
async function passUntil(environment: MemoryEnvironment, of: Job, time: number): Promise<void> {
  const handler = lambda(of, { environment })
  for (let n = 0; n < 50; n++) {
    const next = Math.min(...environment.armed)
    if (next > time) break
    environment.armed.splice(environment.armed.indexOf(next), 1)
    environment.setTime(Math.max(environment.clock.now(), next))
    await handler(wakeUpEvent('timed', next))
  }
  environment.setTime(time)
}

const results = async ({ objects }: MemoryEnvironment) => [...(await readObjects(objects, 'results')).values()].join('')

it('logs are sealed while a far timeout is due, and outlive their entries', async () => {
  const environment = memoryEnvironment(START)
  await lambda(timed('30d'), { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: START }) }))
  await passUntil(environment, timed('30d'), START + HOUR)
  const logs = [
    { stage: 'source', task: 'lines-0' },
    { stage: 'close', task: '0' },
    ...[0, 1].map((bucket) => ({ stage: 'mapWithState(lines)', task: String(bucket) })),
  ]
  for (const log of logs) {
    const head = await environment.table.head({ job: 'timed', ...log })
    expect(head, log.stage).toBeDefined()
    expect(head?.expiresAt, log.stage).toBeUndefined()
  }
  environment.setTime(START + 29 * DAY)
  environment.table.deleteExpired(environment.clock.now() / 1000)
  await passUntil(environment.another(), timed('30d'), START + 31 * DAY)
  expect(await results(environment)).toBe('a came\na timed out\n')
})

it('what is due to new code is looked at when only a wake-up comes', async () => {
  const environment = memoryEnvironment(START)
  await lambda(timed('30d'), { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: START }) }))
  await passUntil(environment, timed('30d'), START + HOUR)
  environment.setTime(START + DAY)
  const newer = environment.another({ code: 'v2' })
  await lambda(timed('2h'), { environment: newer })(wakeUpEvent('timed', START + DAY))
  await passUntil(newer, timed('2h'), START + DAY + HOUR)
  expect(await results(environment)).toBe('a came\na timed out\n')
})
