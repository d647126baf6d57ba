// I7 of time: a job that nothing has run for longer than `retention` is a named error whatever DynamoDB has deleted of it and
// whatever it has not yet; never a fresh start, and never one from an entry that was not the last (docs/decisions/048).

import { describe, expect, it } from 'vitest'
import { type Duration, type Job, job, seconds, text } from '../../src/index.ts'
import { isSourceCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const DAY = 24 * 3_600_000
const RETENTION = 7 * DAY
const START = 1_700_000_000_000

function counts({ inPlace = false, retention = '7d' }: { inPlace?: boolean; retention?: Duration } = {}): Job {
  return job('counts', { batch: seconds(1), numPartitions: 2, retention, waitForFailed: 0 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    const placed = inPlace ? words.preservesPartitioning({ newPartitions: 'join' }) : words
    placed
      .updateStateByKey((ones: readonly number[], kept: number | undefined) => (kept ?? 0) + ones.length)
      .saveAsTextFiles('s3://results/counts')
  })
}

/** Records of two partitions, one second and one event each. */
async function live(words: Driven, events: number): Promise<void> {
  for (let n = 0; n < events; n++) {
    words.later(1000)
    const at = words.environment.clock.now()
    await words.deliver(records('lines-0', ['a'], { at }), records('lines-1', ['b'], { at }))
  }
}

/** What comes after the job has stood still: each by a new process. */
function comebacks(words: Driven, from: number) {
  const at = words.environment.clock.now()
  return {
    records: () => words.another().deliver(records('lines-0', ['a'], { from, at })),
    'records of another partition': () => words.another().deliver(records('lines-1', ['b'], { from, at })),
    'records of a new partition': () => words.another().deliver(records('lines-2', ['c'], { from: 0, at })),
    'a wake-up': () => words.another().wake(),
  }
}

describe.each([{ inPlace: false }, { inPlace: true }])(
  'a live job whose wake-ups stop for longer than retention, %o',
  (how) => {
    const of = counts(how)

    it.each([
      ['has never been at rest', false],
      ['was at rest once', true],
    ])('and that %s is a lost log when all that may expire has', async (_, rested) => {
      const words = driven(of, { start: START })
      await live(words, 4)
      if (rested) {
        await words.rest()
        await live(words, 2)
      }
      words.later(RETENTION + DAY)
      words.expire()
      const before = await words.text()
      for (const [what, comeback] of Object.entries(comebacks(words, 6)))
        await expect(comeback(), what).rejects.toMatchObject({ code: 'LOG_LOST' })
      expect(await words.text()).toBe(before)
    })

    it('is one whatever is left of what has expired', async () => {
      for (let seed = 1; seed <= 40; seed++) {
        const random = seededRandom(seed)
        const words = driven(of, { start: START })
        await live(words.another(), 3)
        if (random.next() < 0.5) await words.rest()
        await live(words.another(), 3)
        words.later(RETENTION + 2000)
        const share = random.next()
        const { table, clock } = words.environment
        table.deleteExpired(clock.now() / 1000, () => random.next() < share)
        const before = await words.text()
        for (const [what, comeback] of Object.entries(comebacks(words, 6)))
          await expect(comeback(), `seed ${seed}, ${what}`).rejects.toMatchObject({ code: /^LOG_(LOST|GAP)$/ })
        expect(await words.text()).toBe(before)
      }
    })

    it('goes on when the table is restored, and entries past their time are to count', async () => {
      const words = driven(of, { start: START })
      await live(words, 4)
      words.later(3 * RETENTION)
      await expect(comebacks(words, 4).records()).rejects.toThrow(/up to offset 4.*set MILLRACE_TRUST_EXPIRED/)
      const at = words.environment.clock.now()
      const restored = words.another({ trustExpired: at })
      await restored.deliver(records('lines-0', ['a'], { from: 4, at }), records('lines-1', ['b'], { at }))
      await restored.rest()
      expect(await words.text()).toContain('(a,5)')
      // The moment is over: what expires from here on counts as it always does.
      await live(restored.another(), 1)
      words.later(2 * RETENTION)
      await expect(comebacks(restored, 6).records()).rejects.toMatchObject({ code: 'LOG_LOST' })
    })
  },
)

describe('what is no lost log', () => {
  it('a job that stands still for nearly as long as retention', async () => {
    const words = driven(counts(), { start: START })
    await live(words, 4)
    words.later(RETENTION - 120_000)
    words.expire()
    await comebacks(words, 4).records()
  })

  it('a partition that is known and has never had a record', async () => {
    const words = driven(counts(), { start: START, partitions: { lines: 3 } })
    await live(words, 3)
    await words.rest()
    words.later(3 * RETENTION)
    words.expire()
    const fresh = words.another()
    await fresh.deliver(records('lines-2', ['c'], { at: fresh.environment.clock.now() }))
    await fresh.rest()
    expect(await words.text()).toContain('(c,1)')
  })

  it.each([
    ['its first commit', false, true],
    ['its first commit after a rest', true, true],
    ['its first commit after a rest, when only a wake-up comes', true, false],
  ])('a task whose process dies right before %s, and that comes to rest then', async (_, rested, moved) => {
    const words = driven(counts(), { start: START, partitions: { lines: 2 } })
    await words.deliver(records('lines-0', ['a'], { at: START }))
    if (rested) {
      await live(words.another(), 1)
      await words.another().rest()
    }
    const at = words.environment.clock.now()
    const dying = words.another({ table: () => ({ append: () => Promise.reject(new Error('dies here')) }) })
    const late = records('lines-1', ['b'], { from: 1, at })
    await expect(dying.deliver(late)).rejects.toThrow('dies here')
    const other = words.another()
    if (moved) await other.deliver(records('lines-0', ['a'], { at }))
    else await other.wake()
    await other.rest()
    words.later(3 * RETENTION)
    words.expire()
    const later = words.another()
    await later.deliver({ ...late, at: later.environment.clock.now() })
    await later.rest()
    expect(await words.text()).toContain(rested ? '(b,2)' : '(b,1)')
  })
})

describe('the times of entries', () => {
  const ref = { job: 'counts', stage: 'source', task: 'lines-0' }

  it('never fall, also when retention is lowered: the newest left would not be the last', async () => {
    const words = driven(counts(), { start: START })
    await live(words, 2)
    const before = await words.head('source', 'lines-0')
    await live(words.another({ job: counts({ retention: '1h' }) }), 1)
    const after = await words.head('source', 'lines-0')
    expect(after?.expiresAt).toBeGreaterThanOrEqual(Number(before?.expiresAt))
  })

  it('count with a margin for clocks that differ', async () => {
    const words = driven(counts(), { start: START })
    const { table, objects, setTime } = words.environment
    const life = { now: () => START, retention: RETENTION }
    const log = new TaskLog(ref, table, objects, 'state', isSourceCommit, undefined, life)
    await live(words, 1)
    const until = Number((await words.head('source', 'lines-0'))?.expiresAt) * 1000
    setTime(until - 30_000)
    await expect(comebacks(words, 1).records()).rejects.toMatchObject({ code: 'LOG_LOST', until })
    expect(await log.head()).toMatchObject({ headUntil: until / 1000 })
  })
})
