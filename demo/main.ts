// `npm run demo`: the main job on the embedded default, over real flights. `npm run demo -- --crash` kills its workers.

import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkDelays, type DelaysLedger } from './delays.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { type DemoJob, type Progress, type RunResult, runOverFlights } from './run.ts'
import { table } from './table.ts'

const { values } = parseArgs({
  options: {
    job: { type: 'string', default: 'flights' },
    crash: { type: 'boolean', default: false },
    rate: { type: 'string', default: '5000' },
    out: { type: 'string', default: '.millrace/demo' },
  },
})
const directory = resolve(values.out)
const rate = Number(values.rate)
let shown = ''
if (!(rate > 0)) throw new Error(`--rate ${values.rate}: give a number of records per second above 0`)

console.log('Millrace demo: 20,000 real flights (vega-datasets) as a topic of 4 partitions, batches of one day')
console.log('  topic → event source stand-in → Lambda events → 2 worker processes → DynamoDB (dynalite) → objects\n')

if (values.job === 'flights') {
  await demonstrate<Ledger>(
    { name: 'flights', account: (services, n) => readLedger(services, 'flights', n) },
    report,
    isExact,
  )
} else if (values.job === 'flight-delays') {
  await demonstrate<DelaysLedger>(
    { name: 'flight-delays', account: checkDelays },
    reportDelays,
    (l) => l.wrong.length === 0,
  )
} else {
  throw new Error(`--job ${values.job}: choose flights or flight-delays`)
}

/** Runs a job as it should be, and with `--crash` once more under fire; both must be exact and publish the same. */
async function demonstrate<L extends { readonly digests: ReadonlyMap<string, string> }>(
  job: DemoJob<L>,
  show: (ledger: L) => void,
  exact: (ledger: L) => boolean,
): Promise<void> {
  const quiet = await run(job, 'as it should be', directory, false)
  if (!values.crash) {
    show(quiet.ledger)
    process.exitCode = exact(quiet.ledger) ? 0 : 1
    return
  }
  const crashed = await run(job, 'workers killed at random (SIGKILL)', `${directory}-crash`, true)
  show(crashed.ledger)
  const same = sameRecords(quiet.ledger.digests, crashed.ledger.digests)
  const { kills, failures } = crashed.progress
  console.log(`\nWorkers killed: ${kills}. Failed invocations, delivered again: ${failures}.`)
  console.log(
    same
      ? `The same records under every T as in the undisturbed run (${quiet.ledger.digests.size} batches compared, both outputs): yes`
      : 'The records under some T DIFFER from the undisturbed run',
  )
  process.exitCode = same && exact(crashed.ledger) ? 0 : 1
}

async function run<L>(job: DemoJob<L>, title: string, into: string, crash: boolean): Promise<RunResult<L>> {
  await rm(into, { recursive: true, force: true })
  console.log(`Run: ${title}`)
  shown = ''
  const result = await runOverFlights(job, { directory: into, crash, rate, onProgress: showProgress })
  showProgress(result.progress)
  console.log(`  objects: ${into}\n`)
  return result
}

function showProgress({ seconds, produced, processed, lag, invocations, kills }: Progress): void {
  if (lag === 0 && produced > 0) {
    const done = `  ${produced} records processed by ${invocations} invocations; the wake-up closes what is still open …`
    if (shown !== done) console.log(done)
    shown = done
    return
  }
  const perSecond = Math.round(processed / seconds)
  const line = `  ${seconds.toFixed(1).padStart(5)} s  produced ${produced}  processed ${processed} (${perSecond}/s)  invocations ${invocations}  lag ${lag}`
  console.log(kills > 0 ? `${line}  killed ${kills}` : line)
}

function report(ledger: Ledger): void {
  const rows = ledger.outputs.map((output) => [
    `s3://results/${output.prefix}-<T>/`,
    ...[output.batches, output.closed, output.parts, output.lines, output.bytes].map((n) => n.toLocaleString('en')),
  ])
  console.log(table(['output', 'batches', '_SUCCESS', 'parts', 'records', 'bytes'], rows))
  for (const { sample } of ledger.outputs.slice(1)) {
    console.log(`\n${sample.key}`)
    for (const line of sample.lines) console.log(`  ${line}`)
  }
  console.log('\nLedger')
  console.log(`  records in         ${ledger.produced}`)
  console.log(`  records committed  ${ledger.committed}`)
  console.log(`  records in objects ${ledger.found}`)
  console.log(`  lost               ${ledger.lost}`)
  console.log(`  twice              ${ledger.twice}`)
}

function isExact({ produced, committed, lost, twice, outputs }: Ledger): boolean {
  return lost === 0 && twice === 0 && committed === produced && outputs.every((o) => o.closed === o.batches)
}

function sameRecords(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([batch, digest]) => b.get(batch) === digest)
}

function reportDelays({ days, groups, weeks, wrong, worst, worstDay }: DelaysLedger): void {
  console.log(`Worst mean delays of the 7 days to ${worstDay}, by airport with 20 flights or more`)
  console.log(
    table(
      ['origin', 'flights', 'minutes'],
      worst.map(({ origin, flights, delay }) => [origin, `${flights}`, `${delay}`]),
    ),
  )
  console.log('\nHeld against a recount of all flights')
  console.log(`  days ${days}, groups of origin and hour ${groups}, windows of 7 days ${weeks}`)
  console.log(`  different   ${wrong.length}`)
  for (const line of wrong.slice(0, 5)) console.log(`    ${line}`)
}
