// I7 of time: a job that nothing has run for longer than `retention` is a named error whatever DynamoDB has deleted of it and
// whatever it has not yet; never a fresh start, and never one from an entry that was not the last (docs/decisions/048).

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { isSourceCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const DAY = 24 * 3_600_000
const RETENTION = 7 * DAY
const START = 1_700_000_000_000

function counts({ inPlace = false, retention = '7d' } = {}): Job {
  return job('counts', { batch: seconds(1), numPartitions: 2, retention, waitForFailed: 0 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    const placed = inPlace ? words.preservesPartitioning({ newPartitions: 'join' }) : words
    placed
      .updateStateByKey((ones: readonly number[], kept: number | undefined) => (kept ?? 0) + ones.length)
      .saveAsTextFiles('s3://results/counts')
  })
}

/** Records `from..until` of two partitions, one second and one event each. */
async function live(environment: MemoryEnvironment, of: Job, from: number, until: number): Promise<void> {
  const handler = lambda(of, { environment })
  for (let n = from; n < until; n++) {
    environment.setTime(environment.clock.now() + 1000)
    const at = environment.clock.now()
    await handler(kafkaEvent({ 'lines-0': lines(['a'], { from: n, at }), 'lines-1': lines(['b'], { from: n, at }) }))
  }
}

async function outputs({ objects }: MemoryEnvironment): Promise<string> {
  return [...(await readObjects(objects, 'results')).values()].join('')
}

/** What comes after the job has stood still: each by a new process. */
function comebacks(environment: MemoryEnvironment, of: Job, from: number) {
  const fresh = () => lambda(of, { environment: environment.another() })
  const at = environment.clock.now()
  return {
    records: () => fresh()(kafkaEvent({ 'lines-0': lines(['a'], { from, at }) })),
    'records of another partition': () => fresh()(kafkaEvent({ 'lines-1': lines(['b'], { from, at }) })),
    'records of a new partition': () => fresh()(kafkaEvent({ 'lines-2': lines(['c'], { from: 0, at }) })),
    'a wake-up': () => fresh()(wakeUpEvent('counts', at)),
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
      const environment = memoryEnvironment(START)
      await live(environment, of, 0, 4)
      if (rested) {
        await bringToRest('counts', lambda(of, { environment }), environment)
        await live(environment, of, 4, 6)
      }
      environment.setTime(environment.clock.now() + RETENTION + DAY)
      environment.table.deleteExpired(environment.clock.now() / 1000)
      const before = await outputs(environment)
      for (const [what, comeback] of Object.entries(comebacks(environment, of, 6)))
        await expect(comeback(), what).rejects.toMatchObject({ code: 'LOG_LOST' })
      expect(await outputs(environment)).toBe(before)
    })

    it('is one whatever is left of what has expired', async () => {
      for (let seed = 1; seed <= 40; seed++) {
        const random = seededRandom(seed)
        const environment = memoryEnvironment(START)
        await live(environment, of, 0, 3)
        if (random.next() < 0.5) await bringToRest('counts', lambda(of, { environment }), environment)
        await live(environment, of, 3, 6)
        environment.setTime(environment.clock.now() + RETENTION + 2000)
        const share = random.next()
        environment.table.deleteExpired(environment.clock.now() / 1000, () => random.next() < share)
        const before = await outputs(environment)
        for (const [what, comeback] of Object.entries(comebacks(environment, of, 6)))
          await expect(comeback(), `seed ${seed}, ${what}`).rejects.toMatchObject({ code: /^LOG_(LOST|GAP)$/ })
        expect(await outputs(environment)).toBe(before)
      }
    })

    it('goes on when the table is restored, and entries past their time are to count', async () => {
      const environment = memoryEnvironment(START)
      await live(environment, of, 0, 4)
      environment.setTime(environment.clock.now() + 3 * RETENTION)
      await expect(comebacks(environment, of, 4).records()).rejects.toThrow(
        /up to offset 4.*set MILLRACE_TRUST_EXPIRED/,
      )
      const restored = environment.another({ trustExpired: environment.clock.now() })
      const handler = lambda(of, { environment: restored })
      const at = environment.clock.now()
      await handler(kafkaEvent({ 'lines-0': lines(['a'], { from: 4, at }), 'lines-1': lines(['b'], { from: 4, at }) }))
      await bringToRest('counts', handler, restored)
      expect(await outputs(environment)).toContain('(a,5)')
      // The moment is over: what expires from here on counts as it always does.
      await live(restored, of, 5, 6)
      environment.setTime(environment.clock.now() + 2 * RETENTION)
      const later = environment.another({ trustExpired: restored.trustExpired ?? 0 })
      await expect(comebacks(later, of, 6).records()).rejects.toMatchObject({ code: 'LOG_LOST' })
    })
  },
)

describe('what is no lost log', () => {
  it('a job that stands still for nearly as long as retention', async () => {
    const environment = memoryEnvironment(START)
    await live(environment, counts(), 0, 4)
    environment.setTime(environment.clock.now() + RETENTION - 120_000)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    await comebacks(environment, counts(), 4).records()
  })

  it('a partition that is known and has never had a record', async () => {
    const partitions = new Map([['lines', 3]])
    const environment = memoryEnvironment(START).another({ partitions })
    await live(environment, counts(), 0, 3)
    await bringToRest('counts', lambda(counts(), { environment }), environment)
    environment.setTime(environment.clock.now() + 3 * RETENTION)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    const handler = lambda(counts(), { environment: environment.another({ partitions }) })
    await handler(kafkaEvent({ 'lines-2': lines(['c'], { at: environment.clock.now() }) }))
    await bringToRest('counts', handler, environment)
    expect(await outputs(environment)).toContain('(c,1)')
  })

  it.each([
    ['its first commit', false, true],
    ['its first commit after a rest', true, true],
    ['its first commit after a rest, when only a wake-up comes', true, false],
  ])('a task whose process dies right before %s, and that comes to rest then', async (_, rested, moved) => {
    const environment = memoryEnvironment(START)
    const partitions = new Map([['lines', 2]])
    const known = environment.another({ partitions })
    await lambda(counts(), { environment: known })(kafkaEvent({ 'lines-0': lines(['a'], { at: START }) }))
    if (rested) {
      await live(known, counts(), 1, 2).catch(() => {})
      await bringToRest('counts', lambda(counts(), { environment: known }), known)
    }
    const table = {
      ...environment.table,
      append: async () => {
        throw new Error('dies here')
      },
    }
    const at = environment.clock.now()
    const dying = lambda(counts(), { environment: { ...known.another({ partitions }), table } })
    await expect(dying(kafkaEvent({ 'lines-1': lines(['b'], { from: 2, at }) }))).rejects.toThrow('dies here')
    const other = lambda(counts(), { environment: known.another({ partitions }) })
    if (moved) await other(kafkaEvent({ 'lines-0': lines(['a'], { from: rested ? 2 : 1, at }) }))
    else await other(wakeUpEvent('counts', at))
    await bringToRest('counts', other, known)
    environment.setTime(environment.clock.now() + 3 * RETENTION)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    const later = lambda(counts(), { environment: known.another({ partitions }) })
    await later(kafkaEvent({ 'lines-1': lines(['b'], { from: 2, at: environment.clock.now() }) }))
    await bringToRest('counts', later, known)
    expect(await outputs(environment)).toContain(rested ? '(b,2)' : '(b,1)')
  })
})

describe('the times of entries', () => {
  const ref = { job: 'counts', stage: 'source', task: 'lines-0' }

  it('never fall, also when retention is lowered: the newest left would not be the last', async () => {
    const environment = memoryEnvironment(START)
    await live(environment, counts(), 0, 2)
    const before = await environment.table.head(ref)
    await live(environment.another(), counts({ retention: '1h' }), 2, 3)
    const after = await environment.table.head(ref)
    expect(after?.expiresAt).toBeGreaterThanOrEqual(Number(before?.expiresAt))
  })

  it('count with a margin for clocks that differ', async () => {
    const environment = memoryEnvironment(START)
    const { table, objects } = environment
    const life = { now: () => START, retention: RETENTION }
    const log = new TaskLog(ref, table, objects, 'state', isSourceCommit, undefined, life)
    await live(environment, counts(), 0, 1)
    const until = Number((await table.head(ref))?.expiresAt) * 1000
    environment.setTime(until - 30_000)
    await expect(comebacks(environment, counts(), 1).records()).rejects.toMatchObject({ code: 'LOG_LOST', until })
    expect(await log.head()).toMatchObject({ headUntil: until / 1000 })
  })
})
