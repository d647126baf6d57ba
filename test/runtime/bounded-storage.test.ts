// Storage is bounded by state and `retention` (DESIGN §3): what nothing names any more goes, and what something names stays.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { isBucketCommit, isSourceCommit, type SnapshotPointer } from '../../src/log/commit-record.ts'
import { dropSuperseded, writeSnapshot } from '../../src/log/snapshots.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = 1_700_000_000_000
const BALLAST = incompressible(80_000)
/** More than an item holds. */
const BULK = incompressible(560_000)

/** Keeps so much for every word that a snapshot is due with nearly every batch. */
function heavy(inPlace: boolean): Job {
  return job('heavy', { batch: seconds(1), numPartitions: 1, retention: '1h' }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    const placed = inPlace ? words.preservesPartitioning({ newPartitions: 'join' }) : words
    placed
      .updateStateByKey((ones: readonly number[], kept: readonly [number, string] | undefined) => {
        const n = (kept?.[0] ?? 0) + ones.length
        return [n, `${n}${BALLAST}`] as const
      })
      .mapValues(([n]) => n)
      .saveAsTextFiles('s3://results/heavy')
  })
}

async function snapshotKeys({ objects }: MemoryEnvironment): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of objects.list('state', '_millrace/snapshots/')) keys.push(key)
  return keys
}

describe.each([{ inPlace: false }, { inPlace: true }])('snapshots, %o', ({ inPlace }) => {
  it('stay as many as an hour of them while the job runs for six, and all that is named is there', async () => {
    const environment = memoryEnvironment(START)
    let commits = 0
    const { table } = environment
    const services = {
      ...environment,
      table: {
        ...table,
        // Now and then a commit does not come about, and what it would have named is named by nothing.
        append: async (...of: Parameters<typeof table.append>) => {
          if (of[0].stage !== 'close' && of[1].version > 2 && ++commits % 7 === 0) throw new Error('refused')
          return table.append(...of)
        },
      },
    }
    const most: number[] = []
    for (let n = 0; n < 6 * 60; n++) {
      environment.setTime(START + n * MINUTE)
      table.deleteExpired(environment.clock.now() / 1000)
      const handler = lambda(heavy(inPlace), { environment: services })
      const event = kafkaEvent({ 'lines-0': lines(['a'], { from: n, at: environment.clock.now() }) })
      for (let tries = 0; tries < 5; tries++) {
        const done = await handler(event).then(
          () => true,
          () => false,
        )
        if (done) break
      }
      if (n % 30 === 0) most.push((await snapshotKeys(environment)).length)
    }
    expect(Math.max(...most)).toBeGreaterThan(30)
    expect(Math.max(...most)).toBeLessThan(150)
    expect(most.at(-1)).toBeLessThan(1.3 * Number(most[4]))

    const keys = new Set(await snapshotKeys(environment))
    const task = inPlace ? { stage: 'source', task: 'lines-0' } : { stage: 'updateStateByKey(lines)', task: '0' }
    const isRecord = (
      value: unknown,
    ): value is { at: number; snapshot?: SnapshotPointer; inPlace?: { snapshot?: SnapshotPointer } } =>
      isBucketCommit(value) || isSourceCommit(value)
    const log = new TaskLog({ job: 'heavy', ...task }, table, environment.objects, 'state', isRecord)
    const head = await log.head()
    let seen = 0
    for (let version = head?.version ?? 0; version > 1; version--) {
      const record = (await log.at(version))?.record
      if (!record || record.at < environment.clock.now() - HOUR) break
      const named = record.snapshot ?? record.inPlace?.snapshot
      if (named) expect(keys, `version ${version}`).toContain(named.ref.key)
      seen++
    }
    expect(seen).toBeGreaterThan(40)
    expect([...(await readObjects(environment.objects, 'results')).values()].join('')).toContain(`(a,${6 * 60 - 1})`)
  }, 60_000)
})

describe('spilled records', () => {
  /** Every record makes a commit that no item can hold. */
  const bulky = job('bulky', { batch: seconds(1), numPartitions: 1, retention: '1h' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, BULK] as const)
      .reduceByKey((a) => a)
      .mapValues((of) => of.length)
      .saveAsTextFiles('s3://results/bulky')
  })
  const spilledKeys = async ({ objects }: MemoryEnvironment): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of objects.list('state', '_millrace/spill/')) keys.push(key)
    return keys
  }

  it.each([{ cold: false }, { cold: true }])('go with their entries at a constant rate, %o', async ({ cold }) => {
    const environment = memoryEnvironment(START)
    const { table, objects } = environment
    let commits = 0
    let crashed = false
    const services = {
      ...environment,
      table: {
        ...table,
        // Now and then a process dies between the two: nothing will ever name what it has spilled.
        append: async (...of: Parameters<typeof table.append>) => {
          crashed = of[0].stage === 'source' && of[1].version > 2 && ++commits % 5 === 0
          if (crashed) throw new Error('died')
          return table.append(...of)
        },
      },
    }
    const handler = lambda(bulky, { environment: services })
    const most: number[] = []
    let from = 0
    for (let n = 0; n < 5 * 20; n++) {
      environment.setTime(START + n * 3 * MINUTE)
      table.deleteExpired(environment.clock.now() / 1000)
      const event = kafkaEvent({ 'lines-0': lines(['a'], { from, at: environment.clock.now() }) })
      const done = await (cold ? lambda(bulky, { environment: services }) : handler)(event).then(
        () => true,
        () => false,
      )
      if (done) from++
      if (n % 10 === 9) most.push((await spilledKeys(environment)).length)
    }
    expect(Math.max(...most)).toBeGreaterThan(15)
    expect(Math.max(...most)).toBeLessThan(20 * 1.3 + 20)
    // What is kept can be read.
    const log = new TaskLog({ job: 'bulky', stage: 'source', task: 'lines-0' }, table, objects, 'state', isSourceCommit)
    const head = await log.head()
    const first = Number(head?.version) - 15
    expect((await log.read(first, true)).length).toBe(15)
  })

  it('stay for as long as an entry names them, however old', async () => {
    const environment = memoryEnvironment(START)
    const { table, objects } = environment
    const task = { job: 'j', stage: 's', task: '0' }
    let now = START
    const isText = (value: unknown): value is string => typeof value === 'string'
    const life = { now: () => now, retention: HOUR }
    const log = new TaskLog(task, table, objects, 'state', isText, undefined, life)
    const large = (name: string) => name + BULK
    await log.append(1, await log.prepare(large('first'), 1), now + HOUR)
    await log.append(2, await log.prepare(large('kept'), 2))
    await log.append(3, await log.prepare(large('expires'), 3), now + HOUR)
    await table.setLife(task, 2, { expiresAt: (START + 100 * HOUR) / 1000 })
    await log.prepare(large('never committed'), 4)
    now += 3 * HOUR
    for (const version of [1, 3]) table.deleteVersion(task, version)
    await log.append(4, await log.prepare(large('another won'), 4), now + HOUR)
    await log.prepare(large('under way'), 5)
    expect((await spilledKeys(environment)).map((key) => Number(key.split('/').at(-1)?.split('.')[0]))).toEqual([
      1, 2, 3, 4, 4, 5,
    ])
    const other = new TaskLog(task, table, objects, 'state', isText, undefined, life)
    await other.append(5, await other.prepare(large('looks'), 5), now + HOUR)
    expect((await spilledKeys(environment)).map((key) => Number(key.split('/').at(-1)?.split('.')[0]))).toEqual([
      2, 4, 5, 5,
    ])
    expect((await other.at(2))?.record.slice(0, 4)).toBe('kept')
    expect((await other.at(4))?.record.slice(0, 11)).toBe('another won')
  })
})

describe('what is dropped', () => {
  const task = { job: 'j', stage: 's', task: '0' }
  const store = () => {
    const objects = memoryObjects()
    const write = (version: number, at: number, previous?: SnapshotPointer) =>
      writeSnapshot(objects, 'state', task, version, [], at, previous)
    const left = async (current: SnapshotPointer, since: number): Promise<number[]> => {
      await dropSuperseded(objects, 'state', task, current, since)
      const versions: number[] = []
      for await (const { key } of objects.list('state', '')) versions.push(Number(key.split('/').at(-1)?.split('.')[0]))
      return versions
    }
    return { write, left }
  }

  it('is what had been superseded at that time: the one in force then stays', async () => {
    const { write, left } = store()
    const first = await write(1, 100)
    const second = await write(2, 200, first)
    const third = await write(3, 300, second)
    const fourth = await write(4, 400, third)
    expect(await left(fourth, 99)).toEqual([1, 2, 3, 4])
    expect(await left(fourth, 250)).toEqual([1, 2, 3, 4]) // that the second was named is known of the third only
    expect(await left(fourth, 350)).toEqual([2, 3, 4])
    expect(await left(fourth, 1000)).toEqual([4])
  })

  it('is what was never named, but not the one that is in force instead', async () => {
    const { write, left } = store()
    const first = await write(1, 100)
    await write(2, 200, first)
    await write(2, 210, first)
    const third = await write(3, 300, first)
    expect(await left(first, 250)).toEqual([1, 2, 2, 3])
    const fourth = await write(4, 400, third)
    expect(await left(fourth, 450)).toEqual([4])
  })
})
