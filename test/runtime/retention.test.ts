// I5, I7: `retention` raised or lowered by a deployment. What was written under the old one expires by the old one, and nothing
// that expires may be needed still, nor taken for what is there.

import { describe, expect, it } from 'vitest'
import { type Job, type State, StateSpec } from '../../src/index.ts'
import { deployments, type Lines, over, records } from '../support/deployments.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'

const HOUR = 3_600_000
const out = (name: string) => `s3://results/${name}`
const pairs = (lines: Lines) => lines.map((line) => [line, 1] as const)
const count = (ones: readonly number[], n: number | undefined): number => ones.length + (n ?? 0)

const places: Record<string, (retention: '1h' | '7d') => Job> = {
  'in buckets': (retention) =>
    over((lines) => pairs(lines).updateStateByKey(count).saveAsTextFiles(out('counts')), { retention }),
  'in place': (retention) =>
    over(
      (lines) =>
        pairs(lines)
          .preservesPartitioning({ newPartitions: 'join' })
          .updateStateByKey(count)
          .saveAsTextFiles(out('counts')),
      { retention },
    ),
}

function setUp() {
  const set = deployments()
  const { environment } = set
  return {
    ...set,
    /** Time passes, and what has expired goes. */
    later: (milliseconds: number) => {
      environment.setTime(environment.clock.now() + milliseconds)
      environment.table.deleteExpired(Math.floor(environment.clock.now() / 1000))
    },
  }
}

describe.each(Object.entries(places))('state %s', (_, job) => {
  it.each([
    ['1h', '7d'],
    ['7d', '1h'],
  ] as const)('outlives a change of retention from %s to %s, warm and cold', async (from, to) => {
    const { deploy, results, later, rest } = setUp()
    const old = deploy(job(from))
    await old(records('abab', 0))
    await old(records('ab', 4))
    const now = deploy(job(to))
    let offset = 6
    // A job that is never at rest for as long as entries of both live.
    for (let hours = 0; hours < 12; hours++) {
      later(HOUR / 4)
      await now(records('ab', offset))
      later(HOUR / 4)
      const cold = hours % 3 === 2 ? deploy(job(to)) : now
      await cold(records('ab', offset + 2))
      offset += 4
    }
    const last = deploy(job(to))
    await last(records('ab', offset))
    await rest(last)
    const each = (offset + 2) / 2
    expect((await results())[`counts-${(offset / 2 + 1) * 1000}`]?.lines).toEqual([`(a,${each})`, `(b,${each})`])
  })
})

it('logs are sealed in time while a timeout is far, by code that would have more time for it', async () => {
  const { deploy, environment, results, later, rest } = setUp()
  const track = (_: string, one: number | undefined, state: State<number>) => {
    if (!state.isTimingOut()) state.update((state.getOption() ?? 0) + (one ?? 0))
    return state.get()
  }
  const job = (retention: '1h' | '7d') =>
    over(
      (lines) => pairs(lines).mapWithState(StateSpec.function(track).timeout('10h')).saveAsTextFiles(out('counts')),
      {
        retention,
      },
    )
  const start = environment.clock.now()
  const at = (offset: number, values: string) =>
    kafkaEvent({ 'lines-0': lines([...values], { from: offset, at: environment.clock.now(), step: 1 }) })
  await deploy(job('1h'))(at(0, 'ab'))
  const now = deploy(job('7d'))
  for (const armed of environment.armed.splice(0)) await now(wakeUpEvent('deployed', armed))
  for (const armed of environment.armed.filter((time) => time < start + HOUR)) {
    environment.setTime(Math.max(environment.clock.now(), armed))
    await now(wakeUpEvent('deployed', armed))
  }
  later(3 * HOUR)
  const cold = deploy(job('7d'))
  await cold(at(2, 'a'))
  await rest(cold)
  expect(Object.values(await results()).flatMap(({ lines: some }) => some)).toEqual(
    expect.arrayContaining(['1', '1', '2']),
  )
})
