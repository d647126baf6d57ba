// `run(job)` over a folder: records in, objects out; it stops, goes on exactly, shares partitions, and says what Spark's context says.

import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../../src/index.ts'
import { type App, type RunOptions, run } from '../../../src/local/run/index.ts'
import { FolderTopics } from '../../../src/local/topics/folder-topics.ts'
import { until } from '../event-source/until.ts'

let dir: string
let topics: FolderTopics
const apps: App[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  topics = new FolderTopics(dir)
  topics.create('lines', { partitions: 2 })
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()))
  topics.close()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

const START = 1_700_000_000_000
/** Counts each key over all time, and writes what it has after each batch. */
const counting = (seen: (value: string) => void = () => {}): Job =>
  job('counts', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => {
        seen(value)
        return [value, 1] as const
      })
      .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
      .map(([key, count]) => `${key}=${count}`)
      .saveAsTextFiles('s3://out/counts')
  })

async function started(made: Job | (() => Job), options: RunOptions = {}): Promise<App> {
  const quiet = { MILLRACE_LOG_LEVEL: 'silent', ...options.parameters }
  const app = await run(made, { dir, batchingWindow: 10, ...options, parameters: quiet })
  apps.push(app)
  return app
}

let produced = 0
beforeEach(() => {
  produced = 0
})
function produce(count: number, value = 'a'): void {
  topics.append(
    Array.from({ length: count }, () => ({
      topic: 'lines',
      value,
      partition: produced % 2,
      timestamp: START + 100 * produced++,
    })),
  )
}

/** The greatest count of each key in the objects. */
async function counted(): Promise<Record<string, number>> {
  const folder = join(dir, 'objects', 'out')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const found: Record<string, number> = {}
  for (const name of names.filter((one) => /part-[^/]*$/.test(one))) {
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean)) {
      const [key = '', count = ''] = line.split('=')
      found[key] = Math.max(found[key] ?? 0, Number(count))
    }
  }
  return found
}

const counts = (key: string, count: number): Promise<void> =>
  until(`${key} is counted ${count} times`, async () => ((await counted())[key] ?? 0) >= count)

describe('over a folder', () => {
  it('writes what comes, stops, and goes on exactly', async () => {
    const app = await started(counting())
    produce(20)
    await counts('a', 20)
    await app.stop({ graceful: true })
    produce(10)
    const again = await started(counting())
    produce(10)
    await counts('a', 40)
    expect(await counted()).toEqual({ a: 40 })
    expect(again.progress).toMatchObject({ records: 20, failures: 0, partitions: ['lines-0', 'lines-1'] })
  })

  it('goes on exactly when it was not stopped gracefully', async () => {
    for (let round = 0; round < 3; round++) {
      const app = await started(counting())
      produce(15)
      await sleep(30 * round)
      await app.stop({ graceful: false })
    }
    await started(counting())
    produce(5)
    await counts('a', 50)
    expect(await counted()).toEqual({ a: 50 })
  })

  it('shares partitions with another run of the job', async () => {
    const [one, two] = [await started(counting()), await started(counting())]
    await until('each has one', () => [one, two].every(({ progress }) => progress.partitions.length === 1))
    produce(40)
    await counts('a', 40)
    expect(one.progress.records + two.progress.records).toBe(40)
    await one.stop()
    await until('the other has both', () => two.progress.partitions.length === 2)
    produce(10)
    await counts('a', 50)
    expect(await counted()).toEqual({ a: 50 })
  })

  it('begins each topic where its job says', async () => {
    topics.create('old')
    const before = ['old', 'lines'].map((topic, i) => ({ topic, value: `before-${topic}`, timestamp: START + i }))
    topics.append(before)
    const made = job('two', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
      const count = (values: readonly number[], sum: number | undefined): number => (sum ?? 0) + values.length
      kafka('old', { value: text() })
        .union(kafka('lines', { value: text(), startingOffsets: 'latest' }))
        .map(({ value }) => [value, 1] as const)
        .updateStateByKey(count)
        .map(([key, sum]) => `${key}=${sum}`)
        .saveAsTextFiles('s3://out/counts')
    })
    const app = await started(made)
    await until('it reads', () => app.progress.partitions.length === 3)
    topics.append(['old', 'lines'].map((topic) => ({ topic, value: `after-${topic}`, timestamp: START + 5000 })))
    await counts('after-lines', 1)
    await counts('after-old', 1)
    expect(await counted()).toEqual({ 'before-old': 1, 'after-old': 1, 'after-lines': 1 })
  })

  it('sets parameters before the job is made, and puts back what was there', async () => {
    let value: string | undefined
    const make = (): Job => {
      value = process.env.RUN_TEST_PREFIX
      return counting()
    }
    const app = await started(make, { parameters: { RUN_TEST_PREFIX: 'trial' } })
    expect(value).toBe('trial')
    await app.stop()
    expect(process.env.RUN_TEST_PREFIX).toBeUndefined()
  })

  it('keeps no more memory after 5,000 micro-batches than after 1,000', async () => {
    setFlagsFromString('--expose-gc')
    const collect: unknown = runInNewContext('gc')
    const heap = (): number => {
      if (typeof collect === 'function') collect()
      return process.memoryUsage().heapUsed / 2 ** 20
    }
    const app = await started(counting(), { batchSize: 1, batchingWindow: 0 })
    const heapAt = async (batches: number): Promise<number> => {
      // Close together in time, so that few batches of a second close: each invocation is a micro-batch all the same.
      topics.append(
        Array.from({ length: batches - produced }, () => ({
          topic: 'lines',
          value: 'a',
          partition: produced % 2,
          timestamp: START + 20 * produced++,
        })),
      )
      await until(`${batches} micro-batches`, () => app.progress.invocations >= batches, 240_000)
      return heap()
    }
    const first = await heapAt(1000)
    const last = await heapAt(5000)
    expect(last - first).toBeLessThan(4)
  }, 300_000)
})

describe('the life of a run', () => {
  it('is initialized, active, stopped, and not started again', async () => {
    const app = await started(counting(), { start: false })
    expect(app.state).toBe('INITIALIZED')
    expect(await app.awaitTermination(1)).toBe(false)
    await app.start()
    expect(app.state).toBe('ACTIVE')
    await app.start() // Spark: a warning
    expect(await app.awaitTermination('10 ms')).toBe(false)
    const ended = app.awaitTermination()
    await app.stop()
    expect(app.state).toBe('STOPPED')
    expect(await ended).toBe(true)
    await app.stop() // Spark: a warning
    await expect(app.start()).rejects.toMatchObject({ code: 'ALREADY_STOPPED' })
  })

  it('is stopped by a stop before its start', async () => {
    const app = await started(counting(), { start: false })
    await app.stop()
    expect(app.state).toBe('STOPPED')
    await expect(app.start()).rejects.toThrow('Job counts has already been stopped.')
  })

  it('tells who awaits its end of an error of the job, and goes on until it is stopped', async () => {
    let broken = true
    const app = await started(
      counting(() => {
        if (broken) throw new Error('no such shop')
      }),
    )
    produce(2)
    await expect(app.awaitTermination()).rejects.toMatchObject({ code: 'POISON_RECORD' })
    expect(app.state).toBe('ACTIVE')
    broken = false
    await counts('a', 2)
    await expect(app.awaitTermination()).rejects.toThrow('no such shop')
  })

  it('is stopped when it cannot start', async () => {
    const parameters = { RUN_TEST_PREFIX: 'trial' }
    const app = await started(counting(), { start: false, brokers: ['127.0.0.1:1'], parameters })
    await expect(app.start()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
    expect(process.env.RUN_TEST_PREFIX).toBeUndefined()
    expect(app.state).toBe('STOPPED')
    expect(await app.awaitTermination()).toBe(true)
  })
})

describe('what it refuses', () => {
  it.each<[string, unknown, string]>([
    ['an unknown option', { broker: 'localhost:9092' }, 'brokers'],
    ['a login without brokers', { tls: true }, 'no brokers are named'],
    ['no partitions', { partitions: 0 }, 'run, partitions: must be a whole number'],
    ['a batch that Lambda would refuse', { batchSize: 100_000 }, 'BatchSize'],
  ])('%s', async (_, options, message) => {
    await expect(started(counting(), Object(options))).rejects.toThrow(message)
  })

  it('what is no job', async () => {
    await expect(started(Object({ name: 'words' }))).rejects.toThrow('run: expected a job made by job(')
  })
})
