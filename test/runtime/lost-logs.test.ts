// I7 of buckets and of the closing task: what was committed and is gone is a named error, never a fresh start.

import { describe, expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { bucketOf } from '../../src/values/hash.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

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

/** A word of bucket 0: bucket 1 is never given anything. */
const WORD = ['a', 'b', 'c', 'd', 'e', 'f'].find((word) => bucketOf(word, 2) === 0) ?? ''

/** One record per batch `from..until`, each by a new instance; every one closes the batch before. */
async function run(environment: MemoryEnvironment, from: number, until: number, options = {}): Promise<void> {
  for (let n = from; n < until; n++) {
    environment.setTime(environment.clock.now() + 60_000) // the last instance's lease is over
    const fresh = lambda(counts(options), { environment: environment.another() })
    await fresh(kafkaEvent({ 'lines-0': lines([WORD], { from: n, at: n * 1000 }) }))
  }
}

const bucket = (task: number, stage = STAGE) => ({ job: 'counts', stage, task: String(task) })
const closing = { job: 'counts', stage: 'close', task: '0' }

async function lose({ table }: MemoryEnvironment, task: typeof closing, first = 1, last?: number): Promise<void> {
  const head = (await table.head(task))?.version ?? 0
  expect(head).toBeGreaterThanOrEqual(first)
  for (let version = first; version <= (last ?? head); version++) table.deleteVersion(task, version)
}

describe('a bucket', () => {
  it('whose log is lost is an error', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 4)
    await lose(environment, bucket(0))
    await expect(run(environment, 4, 5)).rejects.toMatchObject({ code: 'LOG_LOST', task: bucket(0) })
  })

  it('whose log is lost is one also when nothing has ever fallen into it', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 3, { more: true })
    const head = await environment.table.head(bucket(1, ADDED))
    expect([head?.version, head?.expiresAt]).toEqual([1, undefined])
    await lose(environment, bucket(1, ADDED))
    await expect(run(environment, 3, 4, { more: true })).rejects.toMatchObject({ task: bucket(1, ADDED) })
  })

  it.each([
    ['all but its birth', 2],
    ['its end', 3],
  ])('whose log has lost %s is one', async (_, first) => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 5)
    await lose(environment, bucket(0), first)
    await expect(run(environment, 5, 6)).rejects.toThrow(`ends at version ${first - 1} although the task has committed`)
  })

  it('whose log lacks an entry in the middle is one', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 5)
    await lose(environment, bucket(0), 3, 3)
    await expect(run(environment, 5, 6)).rejects.toMatchObject({ code: 'LOG_GAP' })
  })

  it.each([
    ['missing', undefined],
    ['cut off', 1000],
  ])('whose snapshot is %s is one', async (_, length) => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 5, { heavy: true })
    const { objects } = environment
    let found = 0
    for await (const { key } of objects.list('state', `_millrace/snapshots/counts/${STAGE}/0/`)) {
      const ref = { bucket: 'state', key }
      const whole = await objects.get(ref)
      if (length === undefined) await objects.delete(ref)
      else await objects.put(ref, (whole ?? new Uint8Array()).subarray(0, length))
      found++
    }
    expect(found).toBeGreaterThan(0)
    await expect(run(environment, 5, 6, { heavy: true })).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })

  it('of a stage that new code adds is born then, and from then on its log can be lost', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 3)
    expect(await environment.table.head(bucket(0, ADDED))).toBeUndefined()
    await run(environment, 3, 5, { more: true })
    expect(await environment.table.head(bucket(1, ADDED))).toMatchObject({ version: 1 })
    await lose(environment, bucket(1, ADDED))
    await expect(run(environment, 5, 6, { more: true })).rejects.toMatchObject({ code: 'LOG_LOST' })
  })
})

describe('the birth of buckets', () => {
  it('costs one write each, once', async () => {
    const environment = memoryEnvironment(0)
    const { table, counts: calls, reset } = countingTable(environment.table)
    const handler = lambda(counts(), { environment: { ...environment, table } })
    const writes: number[] = []
    for (let n = 0; n < 4; n++) {
      reset()
      await handler(kafkaEvent({ 'lines-0': lines([WORD], { from: n, at: n * 1000 }) }))
      writes.push(calls.writes)
    }
    // The commit, the closing, bucket 0; and with the first closing the lease, two births, bucket 1's initial state, and a
    // time for the first entries of three logs, which are followed now.
    expect(writes.slice(1)).toEqual([10, 3, 3])
  })

  it('may be begun by one and done again by another, or by two at once', async () => {
    const environment = memoryEnvironment(0)
    const event = (n: number) => kafkaEvent({ 'lines-0': lines([WORD], { from: n, at: n * 1000 }) })
    await lambda(counts(), { environment })(event(0))
    environment.setTime(60_000)
    let other: (() => Promise<unknown>) | undefined
    const { table } = environment
    const first: Environment = {
      ...environment.another(),
      table: {
        ...table,
        async append(task, item) {
          if (task.stage !== 'close') return table.append(task, item)
          // All are born. Here it stands still, and another instance does the same and goes on.
          const now = other
          other = undefined
          await now?.()
          return table.append(task, item)
        },
      },
    }
    other = async () => {
      environment.setTime(120_000)
      await lambda(counts(), { environment: environment.another() })(event(2))
    }
    await lambda(counts(), { environment: first })(event(1))
    await bringToRest('counts', lambda(counts(), { environment }), environment)
    const results = await readObjects(environment.objects, 'results')
    expect(results.get('counts-3000/part-00000')).toBe(`(${WORD},3)\n`)
  })
})

describe('the closing task', () => {
  it('whose log is lost is an error when records come', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 3)
    await lose(environment, closing)
    await expect(run(environment, 3, 4)).rejects.toMatchObject({ code: 'LOG_LOST', task: closing })
  })

  it('whose log is lost is one when a wake-up comes', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 3)
    await lose(environment, closing)
    const fresh = lambda(counts(), { environment: environment.another() })
    await expect(fresh(wakeUpEvent('counts', environment.clock.now()))).rejects.toMatchObject({ code: 'LOG_LOST' })
  })

  it('whose log was lost and began again with another partition is one', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, 0, 3)
    await lose(environment, closing)
    await lambda(counts(), { environment: environment.another() })(kafkaEvent({ 'lines-1': lines([WORD]) }))
    await expect(run(environment, 3, 4)).rejects.toMatchObject({ code: 'LOG_LOST', task: closing })
  })

  it('is not taken for lost by an instance whose tasks go on while it looks', async () => {
    const environment = memoryEnvironment(0)
    const { table } = environment
    const event = (partition: number, from: number) =>
      kafkaEvent({ [`lines-${partition}`]: lines([WORD], { from, at: from * 1000 }) })
    let meanwhile: (() => Promise<unknown>) | undefined
    let running: Promise<unknown> | undefined
    const looking = lambda(counts(), {
      environment: {
        ...environment,
        table: {
          ...table,
          async head(task) {
            const found = await table.head(task)
            const other = task.stage === 'close' ? meanwhile : undefined
            if (other) meanwhile = undefined
            await other?.()
            return found
          },
        },
      },
    })
    await looking(event(0, 0))
    meanwhile = async () => {
      // Another instance lets partition 1 join, and then its records come here.
      await lambda(counts(), { environment: environment.another() })(event(1, 0))
      running = looking(event(1, 1)) // which will want to look itself, and so waits for this
      await new Promise(setImmediate)
    }
    await looking(wakeUpEvent('counts', environment.clock.now()))
    await running
    expect(await table.head({ job: 'counts', stage: 'source', task: 'lines-1' })).toMatchObject({ version: 3 })
  })
})
