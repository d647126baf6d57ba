// Buckets of one batch run by several invocations: who runs what, and that it makes no difference when messages are lost,
// doubled, late, or handled by a zombie (I1, I2, DESIGN §3).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Job, type JobOptions, job, text } from '../../../src/index.ts'
import { lambda } from '../../../src/lambda/index.ts'
import { type BucketCommit, isBucketCommit } from '../../../src/log/commit-record.ts'
import { TaskLog } from '../../../src/log/task-log.ts'
import { shareOut } from '../../../src/runtime/side-by-side/asking.ts'
import { countingTable } from '../../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../../src/testing/memory-environment.ts'
import { eachTo, shareEvent, testHelpers } from '../../support/helpers.ts'
import { kafkaEvent, lines } from '../../support/kafka-events.ts'
import { bringToRest } from '../../support/rest.ts'

const STAGE = 'updateStateByKey(lines)'
const WORDS = Array.from({ length: 40 }, (_, i) => `word-${i}`)

function counts(options: Partial<JobOptions> = {}): Job {
  return job('counts', { batch: 1000, numPartitions: 4, sideBySide: 0, ...options }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
      .saveAsTextFiles('s3://results/counts')
  })
}

/** All words once, in the interval after `second`. */
const batch = (n: number, second = n) =>
  kafkaEvent({ 'lines-0': lines(WORDS, { from: n * WORDS.length, at: second * 1000, step: 1 }) })

/** Closes the first batch, in which state is made, with whatever help there is. */
async function closeOne(environment: MemoryEnvironment, options: Partial<JobOptions> = {}): Promise<void> {
  const handler = lambda(counts(options), { environment })
  await handler(batch(0))
  await handler(batch(1))
}

async function heads({ table, objects }: MemoryEnvironment, stage = STAGE): Promise<(BucketCommit | undefined)[]> {
  return Promise.all(
    [0, 1, 2, 3].map(async (bucket) => {
      const ref = { job: 'counts', stage, task: String(bucket) }
      return (await new TaskLog(ref, table, objects, 'state', isBucketCommit).head())?.record
    }),
  )
}

/** What it must come to: by an instance that does all alone. */
async function alone(): Promise<Map<string, string>> {
  const environment = memoryEnvironment(0)
  await closeOne(environment, { sideBySide: false })
  return readObjects(environment.objects, 'results')
}

describe('buckets side by side', () => {
  it('are run by instances of their own, at the same time, and the closing instance runs one', async () => {
    const environment = memoryEnvironment(0)
    const helpers = testHelpers(
      eachTo((n) => lambda(counts(), { environment: environment.another({ code: `helper-${n}` }) })),
    )
    await closeOne(environment.another({ helpers, code: 'closer' }))
    const by = (await heads(environment)).map((head) => head?.code)
    expect(by.toSorted()).toEqual(['closer', 'helper-0', 'helper-1', 'helper-2'])
    expect(helpers.asked.flatMap(({ buckets }) => buckets)).toHaveLength(3)
    expect(await readObjects(environment.objects, 'results')).toEqual(await alone())
  })

  it('go on from each other, batch after batch, through stages, windows and batches without data', async () => {
    const chain = (sideBySide: 0 | false): Job =>
      job('counts', { batch: 1000, numPartitions: 4, sideBySide }, ({ kafka }) => {
        const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
        words
          .reduceByKeyAndWindow((a, b) => a + b, 3000, 1000)
          .map(([word, n]) => [word.slice(-1), n] as const)
          .reduceByKey((a, b) => a + b, { numPartitions: 3 })
          .updateStateByKey((values: readonly number[], n: number | undefined) =>
            values.reduce((a, b) => a + b, n ?? 0),
          )
          .saveAsTextFiles('s3://results/chain')
        words.count().print()
      })
    const run = async (sideBySide: 0 | false) => {
      const environment = memoryEnvironment(0)
      const helpers = testHelpers(eachTo(() => lambda(chain(sideBySide), { environment: environment.another() })))
      const handler = lambda(chain(sideBySide), { environment: { ...environment, helpers } })
      for (const [n, second] of [0, 1, 2, 5, 9].entries()) await handler(batch(n, second))
      await bringToRest('counts', handler, environment)
      return {
        results: await readObjects(environment.objects, 'results'),
        printed: environment.printed,
        asked: helpers.asked.length,
      }
    }
    const [some, none] = [await run(0), await run(false)]
    expect(some.asked).toBeGreaterThan(20)
    expect(none.asked).toBe(0)
    expect(some.results).toEqual(none.results)
    expect(some.printed).toEqual(none.printed)
  })

  it('are all run by the closing instance when nobody comes, which then does not ask again for a while', async () => {
    const environment = memoryEnvironment(0)
    const helpers = testHelpers()
    const handler = lambda(counts(), { environment: environment.another({ helpers, code: 'closer' }) })
    await handler(batch(0))
    await handler(batch(1))
    expect((await heads(environment)).map((head) => head?.code)).toEqual(Array(4).fill('closer'))
    expect(helpers.pauses).toBeGreaterThan(3)
    expect(await readObjects(environment.objects, 'results')).toEqual(await alone())
    await handler(batch(2))
    expect(helpers.asked).toHaveLength(3)
    environment.setTime(environment.clock.now() + 300_001)
    await handler(batch(3))
    expect(helpers.asked).toHaveLength(6)
  })

  it('are done once when messages are doubled, and handled at the same moment', async () => {
    const environment = memoryEnvironment(0)
    const helpers = testHelpers(async (_, event) => {
      await Promise.all([1, 2, 3].map(() => lambda(counts(), { environment: environment.another() })(event)))
    })
    await closeOne(environment.another({ helpers }))
    expect((await heads(environment)).map((head) => head?.ran)).toEqual(Array(4).fill([1000]))
    expect(await readObjects(environment.objects, 'results')).toEqual(await alone())
  })

  it('are left alone by a message that comes late: one read, nothing written, nothing armed', async () => {
    const environment = memoryEnvironment(0)
    const helpers = testHelpers()
    const handler = lambda(counts(), { environment: environment.another({ helpers }) })
    await handler(batch(0))
    await handler(batch(1))
    await bringToRest('counts', handler, environment)
    const { table, counts: calls, reset } = countingTable(environment.table)
    const late = lambda(counts(), { environment: { ...environment.another(), table } })
    for (const share of helpers.asked) {
      await late(shareEvent('counts', share)) // cold: it has to see whose job this is
      reset()
      await late(shareEvent('counts', share))
      expect(calls).toMatchObject({ reads: 1, writes: 0 })
    }
    expect(environment.armed).toEqual([])
    expect(await readObjects(environment.objects, 'results', 'counts-1000/')).toEqual(
      new Map([...(await alone())].filter(([key]) => key.startsWith('counts-1000/'))),
    )
  })

  it('are not touched by a zombie that has run one long ago and only now commits', async () => {
    const environment = memoryEnvironment(0)
    let revive = (): void => {}
    const gate = new Promise<void>((resolve) => {
      revive = resolve
    })
    const { table } = environment
    const zombie = lambda(counts(), {
      environment: {
        ...environment.another(),
        table: {
          ...table,
          append: async (task, item) => {
            await gate
            return table.append(task, item)
          },
        },
      },
    })
    const asleep: Promise<unknown>[] = []
    const helpers = testHelpers(async (_, event) => void asleep.push(zombie(event)))
    const handler = lambda(counts(), { environment: environment.another({ helpers }) })
    for (const n of [0, 1, 2]) await handler(batch(n))
    const before = await readObjects(environment.objects, 'results')
    const versions = async () =>
      Promise.all(
        [0, 1, 2, 3].map(async (task) => (await table.head({ job: 'counts', stage: STAGE, task: `${task}` }))?.version),
      )
    const was = await versions()
    revive()
    expect(asleep).toHaveLength(3)
    await Promise.all(asleep)
    expect(await versions()).toEqual(was)
    expect(await readObjects(environment.objects, 'results')).toEqual(before)
  })

  it('are given all that they were sent, also when eventually consistent reads hide it', async () => {
    const environment = memoryEnvironment(0)
    const { table } = environment
    const stale: typeof table = {
      ...table,
      read: async (task, options) => (task.stage === 'source' && !options.consistent ? [] : table.read(task, options)),
    }
    const helpers = testHelpers(
      eachTo(() => lambda(counts(), { environment: { ...environment.another(), table: stale } })),
    )
    await closeOne(environment.another({ helpers, code: 'closer' }))
    expect((await heads(environment)).filter((head) => head?.code === 'closer')).toHaveLength(1)
    expect(await readObjects(environment.objects, 'results')).toEqual(await alone())
  })

  it('are run by the closing instance when those who came fail, or when nobody can be asked', async () => {
    const environment = memoryEnvironment(0)
    const { table } = environment
    const failing = lambda(counts(), {
      environment: { ...environment.another(), table: { ...table, append: () => Promise.reject(new Error('down')) } },
    })
    // The message is done with all the same: who asked runs the bucket, and would fail if the bucket is to blame.
    const helpers = testHelpers(async (_, event) => expect(await failing(event)).toBeUndefined())
    await closeOne(environment.another({ helpers }))
    expect(helpers.asked).toHaveLength(3)
    expect(await readObjects(environment.objects, 'results')).toEqual(await alone())

    const other = memoryEnvironment(0)
    await closeOne(other.another({ helpers: { ...testHelpers(), ask: () => Promise.reject(new Error('no queue')) } }))
    expect(await readObjects(other.objects, 'results')).toEqual(await alone())
    expect(other.logged.map(({ message }) => message)).toContain('could not ask for help with a batch')
  })

  it('are healed side by side too when the instance that closed the batch is gone', async () => {
    const environment = memoryEnvironment(0)
    const dying = environment.another({
      helpers: { ask: () => new Promise(() => {}), pause: () => new Promise(() => {}) }, // it dies while it asks
    })
    const handler = lambda(counts(), { environment: dying })
    await handler(batch(0))
    void handler(batch(1))
    await new Promise(setImmediate)
    environment.setTime(environment.clock.now() + 60_000)
    const helpers = testHelpers(
      eachTo((n) => lambda(counts(), { environment: environment.another({ code: `helper-${n}` }) })),
    )
    await lambda(counts(), { environment: environment.another({ helpers }) })(batch(2))
    const results = await readObjects(environment.objects, 'results', 'counts-1000/')
    expect(results).toEqual(new Map([...(await alone())].filter(([key]) => key.startsWith('counts-1000/'))))
    expect(helpers.asked.map(({ closedUntil }) => closedUntil)).toEqual(expect.arrayContaining([1000, 2000]))
  })
})

describe('who is asked', () => {
  const asked = async (options: Partial<JobOptions>, size: number): Promise<number[]> => {
    const environment = memoryEnvironment(0)
    const helpers = testHelpers(eachTo(() => lambda(counts(options), { environment: environment.another() })))
    const handler = lambda(counts(options), { environment: environment.another({ helpers }) })
    const many = Array.from({ length: size }, (_, i) => `word-${i}`)
    await handler(kafkaEvent({ 'lines-0': lines(many, { step: 0 }) }))
    await handler(kafkaEvent({ 'lines-0': lines(['end'], { from: size, at: 1000 }) }))
    return helpers.asked.flatMap(({ buckets }) => buckets).sort()
  }

  it('is nobody for a small batch, or when the job says never', async () => {
    expect(await asked({ sideBySide: '1s' }, 20_000)).toEqual([]) // some 40 ms
    expect(await asked({ sideBySide: false }, 20_000)).toEqual([])
  })

  it('is as many as it takes for each to have about as much as the job says', async () => {
    expect(await asked({ sideBySide: '25ms' }, 20_000)).toHaveLength(2) // of four buckets
    expect(await asked({ sideBySide: '10ms' }, 20_000)).toHaveLength(3)
  })

  it('costs the closing instance one read per bucket that others run, and each of them what it is sent', async () => {
    const environment = memoryEnvironment(0)
    const [own, others] = [countingTable(environment.table), countingTable(environment.table)]
    const instances = [0, 1, 2].map(() =>
      lambda(counts(), { environment: { ...environment.another(), table: others.table } }),
    )
    const helpers = testHelpers(eachTo((n) => instances[n % 3] ?? (() => Promise.reject(new Error('none')))))
    const handler = lambda(counts(), { environment: { ...environment.another({ helpers }), table: own.table } })
    for (const n of [0, 1, 2]) await handler(batch(n))
    own.reset()
    others.reset()
    await handler(batch(3))
    // The commit, the closing, one bucket; a look before the helpers have come and one after.
    expect(own.counts).toMatchObject({ writes: 3, reads: 6 })
    // Each: the closing log, its bucket's head, and the source log, where another had run the bucket the snapshot's entries.
    expect(others.counts.writes).toBe(3)
    expect(others.counts.reads).toBeLessThanOrEqual(3 * 4)
  })
})

describe('shares', () => {
  it('hold everything that is work once, none is empty, and none is larger than need be', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 30 }), fc.integer({ min: 1, max: 16 }), (work, most) => {
        const shares = shareOut(work, most)
        const sums = shares.map((share) => share.reduce((sum, i) => sum + (work[i] ?? 0), 0))
        expect(shares.flat().sort((a, b) => a - b)).toEqual([...work.keys()].filter((i) => (work[i] ?? 0) > 0))
        expect(shares.length).toBeLessThanOrEqual(most)
        expect(shares.every((share) => share.length > 0)).toBe(true)
        expect(sums).toEqual(sums.toSorted((a, b) => b - a))
        const total = sums.reduce((a, b) => a + b, 0)
        expect(sums[0] ?? 0).toBeLessThanOrEqual(total / most + Math.max(0, ...work))
      }),
    )
  })
})
