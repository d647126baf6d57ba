// I7 of buckets and of the closing task: what was committed and is gone is a named error, never a fresh start.

import { describe, expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { bucketOf } from '../../src/values/hash.ts'
import { type Deployment, type Driven, driven, records } from '../support/driven.ts'
import { incompressible } from '../support/incompressible.ts'

const STAGE = 'updateStateByKey(lines)'
/** Of the stage that `more` adds. */
const ADDED = 'combineByKey(lines)'
const BALLAST = incompressible(80_000)

/** Words and how often they came; `heavy` keeps so much that snapshots are due. */
function counts({ heavy = false, more = false } = {}): Job {
  return job('counts', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    words
      .updateStateByKey((ones: readonly number[], kept: readonly [number, string] | undefined) => {
        return [(kept?.[0] ?? 0) + ones.length, heavy ? BALLAST : ''] as const
      })
      .mapValues(([n]) => n)
      .saveAsTextFiles('s3://results/counts')
    if (more) words.reduceByKey((a, b) => a + b).saveAsTextFiles('s3://results/more')
  })
}

const start = (how: Deployment = {}) => driven(counts(), { start: 0, ...how })

/** A word of bucket 0: bucket 1 is never given anything. */
const WORD = ['a', 'b', 'c', 'd', 'e', 'f'].find((word) => bucketOf(word, 2) === 0) ?? ''

/** Record `n`, of batch `n`. */
const word = (n: number, partition = 0) => records(`lines-${partition}`, [WORD], { from: n, at: n * 1000 })

/** One record per batch `from..until`, each by a new instance; every one closes the batch before. */
async function run(words: Driven, from: number, until: number, options = {}): Promise<void> {
  for (let n = from; n < until; n++) {
    words.later('1m') // the last instance's lease is over
    await words.another({ job: counts(options) }).deliver(word(n))
  }
}

const bucket = (task: number, stage = STAGE) => ({ job: 'counts', stage, task: String(task) })
const closing = { job: 'counts', stage: 'close', task: '0' }

async function lose({ environment: { table } }: Driven, task: typeof closing, first = 1, last?: number): Promise<void> {
  const head = (await table.head(task))?.version ?? 0
  expect(head).toBeGreaterThanOrEqual(first)
  for (let version = first; version <= (last ?? head); version++) table.deleteVersion(task, version)
}

describe('a bucket', () => {
  it('whose log is lost is an error', async () => {
    const words = start()
    await run(words, 0, 4)
    await lose(words, bucket(0))
    await expect(run(words, 4, 5)).rejects.toMatchObject({ code: 'LOG_LOST', task: bucket(0) })
  })

  it('whose log is lost is one also when nothing has ever fallen into it', async () => {
    const words = start()
    await run(words, 0, 3, { more: true })
    const head = await words.environment.table.head(bucket(1, ADDED))
    expect([head?.version, head?.expiresAt]).toEqual([1, undefined])
    await lose(words, bucket(1, ADDED))
    await expect(run(words, 3, 4, { more: true })).rejects.toMatchObject({ task: bucket(1, ADDED) })
  })

  it.each([
    ['all but its birth', 2],
    ['its end', 3],
  ])('whose log has lost %s is one', async (_, first) => {
    const words = start()
    await run(words, 0, 5)
    await lose(words, bucket(0), first)
    await expect(run(words, 5, 6)).rejects.toThrow(`ends at version ${first - 1} although the task has committed`)
  })

  it('whose log lacks an entry in the middle is one', async () => {
    const words = start()
    await run(words, 0, 5)
    await lose(words, bucket(0), 3, 3)
    await expect(run(words, 5, 6)).rejects.toMatchObject({ code: 'LOG_GAP' })
  })

  it.each([
    ['missing', undefined],
    ['cut off', 1000],
  ])('whose snapshot is %s is one', async (_, length) => {
    const words = start()
    await run(words, 0, 5, { heavy: true })
    const { objects } = words.environment
    let found = 0
    for await (const { key } of objects.list('state', `_millrace/snapshots/counts/${STAGE}/0/`)) {
      const ref = { bucket: 'state', key }
      const whole = await objects.get(ref)
      if (length === undefined) await objects.delete(ref)
      else await objects.put(ref, (whole ?? new Uint8Array()).subarray(0, length))
      found++
    }
    expect(found).toBeGreaterThan(0)
    await expect(run(words, 5, 6, { heavy: true })).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })

  it('of a stage that new code adds is born then, and from then on its log can be lost', async () => {
    const words = start()
    await run(words, 0, 3)
    expect(await words.environment.table.head(bucket(0, ADDED))).toBeUndefined()
    await run(words, 3, 5, { more: true })
    expect(await words.environment.table.head(bucket(1, ADDED))).toMatchObject({ version: 1 })
    await lose(words, bucket(1, ADDED))
    await expect(run(words, 5, 6, { more: true })).rejects.toMatchObject({ code: 'LOG_LOST' })
  })
})

describe('the birth of buckets', () => {
  it('costs one write each, once', async () => {
    const words = start()
    const { table, counts: calls, reset } = countingTable(words.environment.table)
    const counted = words.another({ table: () => table })
    const writes: number[] = []
    for (let n = 0; n < 4; n++) {
      reset()
      await counted.deliver(word(n))
      writes.push(calls.writes)
    }
    // The commit, the closing, bucket 0; and with the first closing the lease, two births, bucket 1's initial state, and a
    // time for the first entries of three logs, which are followed now.
    expect(writes.slice(1)).toEqual([10, 3, 3])
  })

  it('may be begun by one and done again by another, or by two at once', async () => {
    let other: (() => Promise<unknown>) | undefined
    const words = start()
    await words.deliver(word(0))
    words.later('1m')
    const first = words.another({
      table: (table) => ({
        async append(task, item) {
          if (task.stage !== 'close') return table.append(task, item)
          // All are born. Here it stands still, and another instance does the same and goes on.
          const now = other
          other = undefined
          await now?.()
          return table.append(task, item)
        },
      }),
    })
    other = async () => {
      words.later('1m')
      await words.another().deliver(word(2))
    }
    await first.deliver(word(1))
    await words.another().rest()
    expect(await words.published('counts-3000/')).toMatchObject({ 'counts-3000/part-00000': `(${WORD},3)\n` })
  })
})

describe('the closing task', () => {
  it('whose log is lost is an error when records come', async () => {
    const words = start()
    await run(words, 0, 3)
    await lose(words, closing)
    await expect(run(words, 3, 4)).rejects.toMatchObject({ code: 'LOG_LOST', task: closing })
  })

  it('whose log is lost is one when a wake-up comes', async () => {
    const words = start()
    await run(words, 0, 3)
    await lose(words, closing)
    await expect(words.another().wake()).rejects.toMatchObject({ code: 'LOG_LOST' })
  })

  it('whose log was lost and began again with another partition is one', async () => {
    const words = start()
    await run(words, 0, 3)
    await lose(words, closing)
    await words.another().deliver(records('lines-1', [WORD]))
    await expect(run(words, 3, 4)).rejects.toMatchObject({ code: 'LOG_LOST', task: closing })
  })

  it('is not taken for lost by an instance whose tasks go on while it looks', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined
    let running: Promise<unknown> | undefined
    const looking = start({
      table: (table) => ({
        async head(task) {
          const found = await table.head(task)
          const other = task.stage === 'close' ? meanwhile : undefined
          if (other) meanwhile = undefined
          await other?.()
          return found
        },
      }),
    })
    await looking.deliver(word(0))
    meanwhile = async () => {
      // Another instance lets partition 1 join, and then its records come here.
      await looking.another().deliver(word(0, 1))
      running = looking.deliver(word(1, 1)) // which will want to look itself, and so waits for this
      await new Promise(setImmediate)
    }
    await looking.wake()
    await running
    expect(await looking.head('source', 'lines-1')).toMatchObject({ version: 3 })
  })
})
