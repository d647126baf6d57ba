// `millrace simulate`: runs a job under crashes, lost answers, duplicates, zombies and delays, one schedule per seed, and
// checks that it does what it does without them.

import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { runSeeds, type SeedFailure } from '../testing/simulation/seeds.ts'
import { EXIT } from './exit-codes.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { loadSimulated } from './simulated-module.ts'

interface SimulateFlags {
  readonly seeds: number
  readonly from: number
  readonly job?: string
  readonly records?: string
  readonly processes?: number
  readonly coverage?: boolean
  readonly json?: boolean
}

const SIMULATED = object({
  schedules: integer('that were run'),
  perSecond: integer(),
  failures: list(object({ seed: integer(), violations: list(text()), story: text('what happened, of the first') })),
})

/** Of violations of one seed. */
const SHOWN = 3

export function simulateCommand(): Command {
  const command = withJson(new Command('simulate'), SIMULATED)
    .description('run a job under simulated crashes, duplicates and delays, and compare it with a run without any')
    .argument('<module>', 'the module whose handler was made by lambda(job)')
    .option('--seeds <count>', 'how many schedules to run', wholeNumber, 1000)
    .option('--from <seed>', 'the first seed', wholeNumber, 1)
    .option('--job <name>', 'the job, if the module has several')
    .option(
      '--records <file>',
      'records to run on, one JSON object per line: value, and if you like key, topic, partition, timestamp',
    )
    .option(
      '--processes <count>',
      'how many processes run schedules side by side (default: one per processor)',
      wholeNumber,
    )
    .option('--coverage', 'show which faults were taken where, and which were not')
    .action(runSimulate)
  return withManual(command, {
    examples: [
      ['millrace simulate functions/words.ts', 'a thousand schedules'],
      ['millrace simulate functions/words.ts --from 17 --seeds 1', 'one of them again, with its story'],
      ['millrace simulate functions/orders.ts --records orders.ndjson', 'on records of your own'],
    ],
  })
}

async function runSimulate(module: string, flags: SimulateFlags): Promise<void> {
  const { seeds, from, job, records, processes } = flags
  const what = { module: resolve(module), job, records: records === undefined ? undefined : resolve(records) }
  // Once here, so that what is wrong with the module or its records is said in one line.
  await (await loadSimulated(what))(from)
  const progress = progressLine(seeds)
  const { failures, done, speed, coverage } = await runSeeds({
    worker: new URL(import.meta.url.endsWith('.ts') ? './simulate-worker.ts' : './simulate-worker.js', import.meta.url),
    args: [JSON.stringify(what)],
    from,
    seeds,
    ...(processes !== undefined && { processes }),
    failures: 3,
    onProgress: progress,
  })
  if (failures.length > 0) process.exitCode = EXIT.failed
  if (flags.coverage && flags.json) console.error(coverage.table())
  if (flags.json) return console.log(JSON.stringify({ schedules: done, perSecond: Math.round(speed), failures }))
  for (const failure of failures) console.log(describe(module, failure))
  if (flags.coverage) console.log(`${coverage.table()}\n`)
  console.log(`${done} schedules, ${Math.round(speed)} per second: ${inWords(failures.length)}`)
}

function progressLine(seeds: number): (done: number, failures: readonly SeedFailure[]) => void {
  let shown = performance.now()
  return (done, failures) => {
    if (performance.now() - shown < 5000) return
    shown = performance.now()
    console.error(`${done} of ${seeds} schedules, ${inWords(failures.length)}`)
  }
}

function describe(module: string, { seed, violations, story }: SeedFailure): string {
  const more = violations.length > SHOWN ? [`… and ${violations.length - SHOWN} more`] : []
  const told = story === '' ? `For its story: millrace simulate ${module} --from ${seed} --seeds 1` : story
  return [`Seed ${seed} fails:`, ...violations.slice(0, SHOWN), ...more, '', told, ''].join('\n')
}

function inWords(failures: number): string {
  return failures === 0 ? 'none failed' : `${failures} failed`
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.')
  return Number(text)
}
