// Timeouts that are due long after everything else: logs are sealed meanwhile (DESIGN §3), and new code may bring them forward.

import { expect, it } from 'vitest'
import { type Duration, type Job, job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = 1_700_000_000_000

const track = (word: string, one: number | undefined, state: State<number>): string => {
  if (state.isTimingOut()) return `${word} timed out`
  state.update((state.getOption() ?? 0) + (one ?? 0))
  return `${word} came`
}

function timed(timeout: Duration): Job {
  return job('timed', { batch: seconds(1), numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .mapWithState(StateSpec.function(track).timeout(timeout))
      .saveAsTextFiles('s3://results/timed')
  })
}

/** Wake-ups one after the other, up to this time. */
async function passUntil({ environment, wake }: Driven, time: number): Promise<void> {
  const { armed, clock, setTime } = environment
  for (let n = 0; n < 50; n++) {
    const next = Math.min(...armed)
    if (next > time) break
    armed.splice(armed.indexOf(next), 1)
    setTime(Math.max(clock.now(), next))
    await wake(next)
  }
  setTime(time)
}

it('logs are sealed while a far timeout is due, and outlive their entries', async () => {
  const words = driven(timed('30d'), { start: START })
  await words.deliver(records('lines-0', ['a'], { at: START }))
  await passUntil(words.another(), START + HOUR)
  const logs = [
    ['source', 'lines-0'],
    ['close', '0'],
    ['mapWithState(lines)', '0'],
    ['mapWithState(lines)', '1'],
  ] as const
  for (const [stage, task] of logs) {
    const head = await words.head(stage, task)
    expect(head, stage).toBeDefined()
    expect(head?.expiresAt, stage).toBeUndefined()
  }
  words.environment.setTime(START + 29 * DAY)
  words.expire()
  await passUntil(words.another(), START + 31 * DAY)
  expect(await words.text()).toBe('a came\na timed out\n')
})

it('what is due to new code is looked at when only a wake-up comes', async () => {
  const words = driven(timed('30d'), { start: START })
  await words.deliver(records('lines-0', ['a'], { at: START }))
  await passUntil(words.another(), START + HOUR)
  words.environment.setTime(START + DAY)
  const newer = words.another({ job: timed('2h'), code: 'v2' })
  await newer.wake()
  await passUntil(newer.another(), START + DAY + HOUR)
  expect(await words.text()).toBe('a came\na timed out\n')
})
