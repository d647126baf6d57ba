// How long `millrace state` takes with a million keys in a folder: `node --conditions=millrace-source bench/look.ts`, or as many as
// BENCH_KEYS says. Commands run in processes of their own, as people start them; nothing is asserted.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { embedded } from '../src/local/embedded.ts'
import { type BucketCommit, type CloseCommit, isBucketCommit, isCloseCommit } from '../src/log/commit-record.ts'
import { writeSnapshot } from '../src/log/snapshots.ts'
import { TaskLog } from '../src/log/task-log.ts'
import { CLAIM_ROW } from '../src/names/rows.ts'
import { bucketTask, closingTask } from '../src/names/tasks.ts'
import { bucketOf } from '../src/values/hash.ts'

const KEYS = Number(process.env.BENCH_KEYS ?? 1_000_000)
const JOB = 'look'
const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname
const run = promisify(execFile)

/** A job with `updateStateByKey` over so many buckets, as its commits would have left it. */
async function make(folder: string, buckets: number): Promise<void> {
  const { table, objects, variables, stop } = embedded(folder)
  const bucket = variables.MILLRACE_BUCKET ?? ''
  const now = Date.now()
  const states = Array.from({ length: buckets }, (): { cell: unknown; value: unknown; deleted: boolean }[] => [])
  for (let i = 0; i < KEYS; i++) {
    const key = `customer-${i}`
    states[bucketOf(key, buckets)]?.push({ cell: ['state', key], value: { count: i, last: now - i }, deleted: false })
  }
  const operators = [{ id: 'sums', kind: 'updateStateByKey', numPartitions: buckets, stage: 'sums' }]
  const schema = JSON.stringify({ batch: 1000, operators })
  await table.createRow(JOB, CLAIM_ROW, { rev: 1, data: { owner: 'bench', code: 'bench', topics: '', schema } })
  const close: CloseCommit = {
    ...{ at: now, code: 'bench', outbox: [], kind: 'seal', closedUntil: now, before: now, tasks: [] },
    ...{ buckets: [['sums', states.map(() => 1)]], closed: [] },
  }
  const closing = new TaskLog(closingTask(JOB), table, objects, bucket, isCloseCommit)
  await closing.append(1, await closing.prepare(close))
  for (const [index, state] of states.entries()) {
    const task = bucketTask(JOB, 'sums', index)
    const snapshot = await writeSnapshot(objects, bucket, task, 0, [['sums', state]], now)
    const record: BucketCommit = {
      ...{ at: now, code: 'bench', outbox: [], kind: 'seal', closedUntil: now, ran: [], due: undefined, partials: [] },
      ...{ state: [], snapshot, logBytes: 0, logSince: now },
    }
    const log = new TaskLog(task, table, objects, bucket, isBucketCommit)
    await log.append(1, await log.prepare(record))
  }
  await stop()
}

/** Tells what the process has taken of a core, as it ends: what it waits for depends on who else is there. */
const TELLING = `data:text/javascript,process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error('cpu', user + system) })`

async function timed(folder: string, args: readonly string[]): Promise<string> {
  const started = performance.now()
  const flags = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning', '--import', TELLING]
  const env = { ...process.env, MILLRACE_DIR: folder }
  const { stderr } = await run(process.execPath, [...flags, MAIN, 'state', ...args], { env, maxBuffer: 2 ** 30 })
  const seconds = (performance.now() - started) / 1000
  const cpu = Number(/cpu (\d+)/.exec(stderr)?.[1]) / 1_000_000
  return `${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of a core)`
}

for (const buckets of [1, 8]) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-look-'))
  try {
    await make(folder, buckets)
    const get = await timed(folder, ['get', JOB, 'sums', `customer-${KEYS - 1}`])
    const first = await timed(folder, ['scan', JOB, 'sums', '--limit', '1'])
    const all = await timed(folder, ['ls', JOB])
    const many = `${KEYS.toLocaleString('en')} keys in ${buckets} bucket${buckets === 1 ? '' : 's'}`
    console.log(`${many}: get ${get}, first line of scan ${first}, ls ${all}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
