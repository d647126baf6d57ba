// What is asked of a job from afar, done by the processes that run it: over a folder, in this process, with real records.

import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../../src/index.ts'
import { attemptOf } from '../../../src/local/control/attempts.ts'
import { type Phase, processesOf } from '../../../src/local/control/processes.ts'
import { pauseJob, resumeJob, startJob, stopJob } from '../../../src/local/control/requests.ts'
import { type App, type RunOptions, run } from '../../../src/local/run/index.ts'
import { FolderTopics } from '../../../src/local/topics/folder-topics.ts'
import { readControl } from '../../../src/runtime/control-row.ts'
import { sqliteTable } from '../../../src/stores/sqlite-table.ts'
import type { StateTable } from '../../../src/stores/table.ts'
import { until } from '../event-source/until.ts'

let dir: string
let topics: FolderTopics
let table: StateTable
const apps: App[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-control-'))
  topics = new FolderTopics(dir)
  topics.create('lines', { partitions: 2 })
  table = sqliteTable(dir)
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()))
  topics.close()
  table.close()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

/** Windows of a minute: by itself none of them is closed while a test runs. */
const sums = (): Job =>
  job('sums', { batch: seconds(1), idleAfter: '1m' }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    lines
      .reduceByKeyAndWindow((a, b) => a + b, '1m', '1m')
      .map(([key, count]) => `${key}=${count}`)
      .saveAsTextFiles('s3://out/sums')
    lines.map(([key]) => `${process.env.GREETING ?? 'no'} ${key}`).saveAsTextFiles('s3://out/lines')
  })

async function started(made: () => Job = sums, options: RunOptions = {}): Promise<App> {
  const parameters = { MILLRACE_LOG_LEVEL: 'silent' }
  const app = await run(made, { dir, batchingWindow: 10, parameters, ...options })
  apps.push(app)
  return app
}
const none = { parameters: new Map<string, string>(), keep: true }
let produced = 0
function produce(count: number): void {
  topics.append(Array.from({ length: count }, () => ({ topic: 'lines', value: 'a', partition: produced++ % 2 })))
}
const phases = (wanted: Phase, count = 1) =>
  until(`${count} of them are ${wanted}`, async () => {
    const { rev } = await readControl(table, 'sums')
    const all = await processesOf(table, 'sums')
    return all.length === count && all.every(({ phase, obeys }) => phase === wanted && obeys === rev)
  })
async function written(prefix: string): Promise<string[]> {
  const folder = join(dir, 'objects', 'out')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const parts = names.filter((one) => one.startsWith(prefix) && /part-[^/]*$/.test(one)).sort()
  const texts = await Promise.all(parts.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((one) => one.split('\n').filter(Boolean))
}
const lines = (count: number) =>
  until(`${count} lines are there`, async () => (await written('lines')).length === count)
const total = async (): Promise<number> =>
  (await written('sums')).reduce((sum, line) => sum + Number(line.split('=')[1]), 0)

it('takes nothing in while it is paused, and goes on where it was', async () => {
  await Promise.all([started(), started()])
  produce(10)
  await lines(10)
  await pauseJob(table, 'sums')
  await phases('paused', 2)
  expect(apps.flatMap(({ progress }) => progress.partitions)).toEqual([])
  produce(10)
  await resumeJob(table, 'sums')
  await phases('running', 2)
  await lines(20)
  expect(await total()).toBe(0)
})

it('closes every window when it is drained, once, with several processes; then starts anew exactly', async () => {
  await Promise.all([started(), started()])
  produce(50)
  await lines(50)
  await stopJob(table, 'sums', true)
  await phases('stopped', 2)
  const { drain } = await readControl(table, 'sums')
  expect(drain).toMatchObject({ done: true })
  expect(await total()).toBe(50)
  produce(7)
  await startJob(table, 'sums', none)
  await phases('running', 2)
  await lines(57)
  await stopJob(table, 'sums', true)
  await phases('stopped', 2)
  expect(await total()).toBe(57)
  expect(await attemptOf(table, 'sums', 1)).toMatchObject({ how: 'drained' })
  expect(await attemptOf(table, 'sums', 2)).toMatchObject({ how: 'drained' })
})

it('stays stopped for a process that comes later, which can close what an earlier one has left open', async () => {
  const first = await started()
  produce(5)
  await lines(5)
  await stopJob(table, 'sums', false)
  await phases('stopped')
  await first.stop()
  expect(await processesOf(table, 'sums')).toEqual([])
  produce(5)
  await started()
  await phases('stopped')
  expect(await total()).toBe(0)
  await stopJob(table, 'sums', true)
  await until('it is drained', async () => (await readControl(table, 'sums')).drain?.done === true)
  expect([await total(), (await written('lines')).length]).toEqual([5, 5])
  await startJob(table, 'sums', none)
  await lines(10)
})

it('gets other parameters at a start, and keeps them', async () => {
  const app = await started()
  produce(1)
  await lines(1)
  await expect(startJob(table, 'sums', { parameters: new Map([['GREETING', 'hello']]), keep: true })).rejects.toThrow(
    'Stop it first',
  )
  await stopJob(table, 'sums', false)
  await startJob(table, 'sums', { parameters: new Map([['GREETING', 'hello']]), keep: true })
  await phases('running')
  produce(1)
  await lines(2)
  expect(await written('lines')).toContain('hello a')
  await app.stop()
  expect(process.env.GREETING).toBeUndefined()
  await started()
  produce(1)
  await lines(3)
  expect((await written('lines')).filter((line) => line === 'hello a')).toHaveLength(2)
})

it('says what it fails at, and tries again until it is wanted otherwise', async () => {
  const named = (): Job =>
    job(process.env.NAME ?? 'sums', { batch: seconds(1) }, ({ kafka }) => {
      kafka('lines', { value: text() }).print()
    })
  await started(named)
  await stopJob(table, 'sums', false)
  await phases('stopped')
  await startJob(table, 'sums', { parameters: new Map([['NAME', 'other']]), keep: true })
  await until('it says so', async () => (await processesOf(table, 'sums'))[0]?.phase === 'failed')
  expect((await processesOf(table, 'sums'))[0]?.error).toContain('with these parameters it is job other')
  await stopJob(table, 'sums', false)
  await startJob(table, 'sums', { parameters: new Map(), keep: false })
  await phases('running')
})

it('refuses to pause or resume what is stopped', async () => {
  await stopJob(table, 'sums', false)
  await expect(pauseJob(table, 'sums')).rejects.toThrow('millrace start sums')
  await expect(resumeJob(table, 'sums')).rejects.toThrow('is stopped')
})
