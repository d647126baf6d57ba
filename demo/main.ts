// `npm run demo`: a job of `functions/` on the embedded default, over real data: all flights, or the one that `--job` names.
// With `--crash` its workers are killed, and it must publish the same.

import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { FLIGHT_DELAYS } from './delays.ts'
import type { Account, DemoJob } from './job.ts'
import { ALL_FLIGHTS } from './ledger.ts'
import { PROGRAMS, programDemo } from './programs/index.ts'
import { type Progress, type RunResult, runJob } from './run.ts'
import type { TopicRecord } from './topic.ts'
import { HOT_WORDS, RUNNING_COUNTS } from './words.ts'

const JOBS: Readonly<Record<string, () => Promise<void>>> = {
  flights: () => demonstrate(ALL_FLIGHTS),
  'flight-delays': () => demonstrate(FLIGHT_DELAYS),
  'hot-words': () => demonstrate(HOT_WORDS),
  'running-counts': () => demonstrate(RUNNING_COUNTS),
  ...Object.fromEntries(PROGRAMS.map((program) => [program.name, () => demonstrate(programDemo(program))])),
}

const { values } = parseArgs({
  options: {
    job: { type: 'string', default: 'flights' },
    crash: { type: 'boolean', default: false },
    rate: { type: 'string', default: '5000' },
    records: { type: 'string', default: 'Infinity' },
    out: { type: 'string', default: '.millrace/demo' },
  },
})
const directory = resolve(values.out)
const rate = Number(values.rate)
const limit = Number(values.records)
let shown = ''
if (!(rate > 0)) throw new Error(`--rate ${values.rate}: give a number of records per second above 0`)
if (!(limit > 0)) throw new Error(`--records ${values.records}: give a number of records above 0`)
if (!Object.hasOwn(JOBS, values.job)) throw new Error(`--job ${values.job}: choose ${Object.keys(JOBS).join(', ')}`)
await JOBS[values.job]?.()

/** Runs a job as it should be, and with `--crash` once more under fire; both must be exact and publish the same. */
async function demonstrate<A extends Account>(job: DemoJob<A>): Promise<void> {
  const records = job.topic.read().slice(0, limit)
  const many = records.length.toLocaleString('en')
  console.log(`Millrace demo: ${many} ${job.topic.what} as a topic of 4 partitions, batches of ${job.batches}`)
  console.log('  topic → event source stand-in → Lambda events → 2 worker processes → commit log (SQLite) → objects\n')
  const quiet = await run(job, records, 'as it should be', directory, false)
  if (!values.crash) {
    job.show(quiet.account)
    process.exitCode = quiet.account.exact ? 0 : 1
    return
  }
  const crashed = await run(job, records, 'workers killed at random (SIGKILL)', `${directory}-crash`, true)
  job.show(crashed.account)
  const same = sameRecords(quiet.account.digests, crashed.account.digests)
  const { kills, failures } = crashed.progress
  console.log(`\nWorkers killed: ${kills}. Failed invocations, delivered again: ${failures}.`)
  console.log(
    same
      ? `The same records under every T as in the undisturbed run (${quiet.account.digests.size} batches compared, all outputs): yes`
      : 'The records under some T DIFFER from the undisturbed run',
  )
  process.exitCode = same && crashed.account.exact ? 0 : 1
}

async function run<A extends Account>(
  job: DemoJob<A>,
  records: readonly TopicRecord[],
  title: string,
  into: string,
  crash: boolean,
): Promise<RunResult<A>> {
  await rm(into, { recursive: true, force: true })
  console.log(`Run: ${title}`)
  shown = ''
  const result = await runJob(job, { records, directory: into, crash, rate, onProgress: showProgress })
  showProgress(result.progress)
  console.log(`  objects: ${into}\n`)
  return result
}

function showProgress({ seconds, produced, processed, lag, invocations, kills, trouble }: Progress): void {
  if (lag === 0 && produced > 0) {
    const done = `  ${produced} records processed by ${invocations} invocations; the wake-up closes what is still open …`
    if (shown !== done) console.log(done)
    shown = done
    return
  }
  const perSecond = Math.round(processed / seconds)
  const line = `  ${seconds.toFixed(1).padStart(5)} s  produced ${produced}  processed ${processed} (${perSecond}/s)  invocations ${invocations}  lag ${lag}`
  console.log(kills > 0 ? `${line}  killed ${kills}` : line)
  if (trouble !== undefined) console.log(`  nothing succeeds: ${trouble}`)
}

function sameRecords(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([batch, digest]) => b.get(batch) === digest)
}
