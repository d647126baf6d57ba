// simulate: one seed of a job from beginning to end, on the real runtime, plan, operators and codecs, over services, an
// event source and a clock that the seed decides; then held against the same records without faults.

import { InvalidOptionError } from '../../errors/errors.ts'
import { definitionOf, type Job, type JobDefinition } from '../../graph/job.ts'
import { checkKnownOptions } from '../../options/options.ts'
import { checkLedger, checkRest, checkTimes, compareCalls, comparePrinted, comparePublished } from './checks.ts'
import type { CoverageCounts } from './coverage.ts'
import type { TakenFault } from './faults.ts'
import type { Ledger } from './ledger.ts'
import { loseLog, remakeTopic } from './loss.ts'
import type { Outputs, Published } from './outputs.ts'
import { type Outside, outsideRun } from './outside.ts'
import { derivedRandom, type Random } from './random.ts'
import type { SimulatedRecords } from './records.ts'
import { runReference } from './reference.ts'
import { drawScenario, type Pace, type Scenario, withoutRecords } from './scenario.ts'
import { shrink } from './shrink.ts'
import { type Omissions, Simulation } from './simulation.ts'
import { FAULTS, type Fault, MISHAPS, type Mishap } from './troubles.ts'
import type { World } from './world.ts'

/** A job, or what defines it: called once for each simulated process, so that each has variables of its own. */
export type SimulatedJob = Job | ((random: Random) => Job)

/** What {@link simulate} runs. */
export interface SimulateOptions {
  /** Decides everything: the same seed gives the same run on any machine. */
  readonly seed: number
  /** Records, or a function that makes them from the seed. Default: words, if that is what the job reads. */
  readonly records?: SimulatedRecords
  /** What may go wrong with calls to services; each seed takes some of them. Default: everything. */
  readonly faults?: readonly Fault[]
  /** What may happen to the job besides; each seed takes some of it. Default: all that jobs are known to survive. */
  readonly mishaps?: readonly Mishap[]
  /** Versions of the code that are deployed one after the other during the run. They must mean the same, unless `alike` says otherwise. */
  readonly deploys?: readonly SimulatedJob[]
  /** Codes of errors with which a version may be refused, at its definition or when it is run; the one before it goes on. Default: none. */
  readonly refusals?: readonly string[]
  /** What to give up by name (`accept` of `lambda`) when elements of one batch wait for operators of several versions. Default: nothing. */
  readonly givesUp?: readonly string[]
  /** Whether the last version mends what those before fail at: it is deployed at the latest when peace comes. Default false. */
  readonly mends?: boolean
  /**
   * Whether all versions mean the same. Default true: what is published is held against a run of the first version without
   * faults. With false it is not: hold `outputs` and `finished` against what your versions say.
   */
  readonly alike?: boolean
  /** What of a line of an output counts, when part of it is not decided by the records. Default: all of it. */
  readonly normalize?: (line: string, output: string) => string
  /** Whether an error may happen: one that the job's own code throws now and then. Default: none may. */
  readonly allows?: (error: unknown) => boolean
  /** What functions of the job write to besides, as of `foreachRDD`, and what should stand there. Default: nothing is known of it. */
  readonly outside?: Outside
  /** Keep the trace of every call. Default false. */
  readonly trace?: boolean
  /** Whether a failing run is made as small as can be, for its story. Default true. */
  readonly shrink?: boolean
}

/** What came out of one seed. */
export interface SimulationReport {
  /** As it was given. */
  readonly seed: number
  /** What broke; empty when everything held. */
  readonly violations: readonly string[]
  /** What happened, as numbered lines: of a run that failed, the smallest that fails alike. Empty when nothing failed and nothing was traced. */
  readonly story: string
  /** Everything that happened; empty unless traced. */
  readonly trace: readonly string[]
  /** By output and batch time the lines that were published, sorted. */
  readonly outputs: Outputs
  /** By output the batch times that have their `_SUCCESS`. */
  readonly finished: ReadonlyMap<string, ReadonlySet<number>>
  /** What was met on the way. */
  readonly coverage: CoverageCounts
}

/** What the simulator's own tests look at. */
export interface DetailedReport extends SimulationReport {
  readonly pace: Pace
  readonly scenario: Scenario
  readonly ledger: Ledger
  readonly published: Published
  readonly world: World
  readonly steps: readonly number[]
  readonly taken: readonly TakenFault[]
}

const OPTIONS = [
  'seed',
  'records',
  'faults',
  'mishaps',
  'deploys',
  'refusals',
  'givesUp',
  'mends',
  'alike',
  'normalize',
  'allows',
  'outside',
  'trace',
  'shrink',
]

/** What jobs do not survive yet (docs/simulate.md): only when it is asked for. */
const OPEN: readonly Mishap[] = ['objects taken away', 'long trouble', 'rest before seals']

/** How many runs end with something lost for good. */
const LOSSES = 0.2

const NOTHING: Omissions = { steps: new Set(), faults: new Set(), records: new Set() }

/**
 * Runs a job under crashes, lost answers, duplicates, other cuts, zombies and delays, all decided by a seed, and checks
 * that it did what it does without them.
 *
 * @throws InvalidOptionError for an unknown option, or when it is not known what records look like.
 * @example
 * import { expect } from 'vitest'
 *
 * for (let seed = 1; seed <= 100; seed++) {
 *   const { violations } = await simulate(hotWords, { seed })
 *   expect(violations, `seed ${seed}`).toEqual([])
 * }
 */
export async function simulate(job: SimulatedJob, options: SimulateOptions): Promise<SimulationReport> {
  checkKnownOptions('simulate', options, OPTIONS)
  if (!Number.isSafeInteger(options.seed))
    throw new InvalidOptionError(`simulate, seed: a whole number is needed, got ${options.seed}.`)
  const report = await simulateSeed(job, options)
  const { seed, violations, trace, outputs, finished, coverage } = report
  const story =
    violations.length > 0 && options.shrink !== false ? await smallestStory(job, options, report) : report.story
  return { seed, violations, story, trace, outputs, finished, coverage }
}

/** @internal The story of the smallest run that fails in the same way. */
export async function smallestStory(
  job: SimulatedJob,
  options: SimulateOptions,
  failed: DetailedReport,
): Promise<string> {
  const { omit } = await shrink(failed, (some) => simulateSeed(job, { ...options, trace: false }, some))
  const { story, violations } = await simulateSeed(job, { ...options, trace: true }, omit)
  if (violations.length > 0) return story
  return 'The seed does not fail in the same way when it is run again: the job depends on something that is neither in its records nor in its state (the clock, chance, a variable outside of the job).'
}

/** @internal */
export async function simulateSeed(
  job: SimulatedJob,
  options: SimulateOptions,
  omit: Omissions = NOTHING,
): Promise<DetailedReport> {
  const { seed, faults = FAULTS, deploys = [], normalize = (line) => line, allows = () => false } = options
  const refusals = new Set(options.refusals)
  const versions = [job, ...deploys].map(definition)
  const [define] = versions
  if (!define) throw new RangeError('no job')
  const drawn = {
    records: options.records,
    faults,
    mishaps: options.mishaps ?? MISHAPS.filter((mishap) => !OPEN.includes(mishap)),
    versions: versions.length,
  }
  const random = derivedRandom(seed)
  const scenario = withoutRecords(drawScenario(seed, define(random), drawn, random), omit.records)
  const others = options.alike === false ? deploys.flatMap((deploy) => definable(definition(deploy), random)) : []
  const simulation = new Simulation(scenario, {
    versions,
    others,
    allows,
    refusals,
    givesUp: options.givesUp ?? [],
    mends: options.mends ?? false,
    omit,
    trace: options.trace ?? false,
  })
  const { world, partitions } = simulation

  options.outside?.reset()
  await simulation.run()
  if (scenario.mishaps.includes('rest before seals')) simulation.outage()
  await simulation.quiesce()
  if (world.noticed.length > 0) return reportOf(await world.published(normalize), world.ledger.copy())
  world.expected = new Set()
  await checkAtRest(simulation, scenario)
  if (scenario.again && world.monitor.violations.length === 0) {
    simulation.rest()
    await simulation.run()
    await simulation.quiesce()
    checkLedger(world, partitions)
    await checkRest(world, simulation.stages())
  }
  const published = await world.published(normalize)
  const wrong = options.outside?.check(outsideRun(world.ledger, published.outputs)) ?? []
  for (const sentence of wrong) world.monitor.violation(sentence)
  if (world.monitor.violations.length === 0 && options.alike !== false) await compareWithReference(world, published)

  const ledger = world.ledger.copy()
  if (world.monitor.violations.length === 0) await loseSomething(simulation, scenario)

  return reportOf(published, ledger)

  function reportOf(published: Published, ledger: Ledger): DetailedReport {
    const { violations } = world.monitor
    return {
      seed,
      pace: scenario.pace,
      scenario,
      violations,
      story: world.trace?.story() ?? '',
      trace: world.trace?.lines() ?? [],
      outputs: published.outputs,
      finished: published.finished,
      coverage: world.coverage.counts(),
      ledger,
      published,
      world,
      steps: simulation.steps,
      taken: world.faults.taken,
    }
  }

  async function compareWithReference(run: World, actual: Published): Promise<void> {
    if (!define) return
    const until = run.job.settings.idle === 'run' ? run.monitor.logs.closedUntil : Number.POSITIVE_INFINITY
    const reference = await runReference(run.ledger, scenario.job, {
      define,
      allows,
      seed,
      declared: scenario.declared,
      until,
    })
    for (const violation of reference.monitor.violations) run.monitor.violation(`without any fault: ${violation}`)
    await checkRest(reference)
    comparePublished(run, actual, await reference.published(normalize), until)
    comparePrinted(run, reference, until)
    compareCalls(run, reference, until)
    run.effects.compare(reference.effects, until)
  }
}

async function checkAtRest(simulation: Simulation, { pace, mishaps, partitions: planned }: Scenario): Promise<void> {
  const { world, partitions } = simulation
  checkLedger(world, partitions)
  // A partition that is added later starts where the others are by then.
  if (pace === 'exact' && !mishaps.includes('rest before seals')) {
    checkTimes(
      world,
      partitions.filter((_, i) => planned[i]?.addedAt === 0),
    )
  }
  await checkRest(world, simulation.stages())
}

async function loseSomething(simulation: Simulation, { seed, job, mishaps }: Scenario): Promise<void> {
  const random = derivedRandom(seed, 5)
  if (job.settings.idle === 'run') return
  const lost = random.next()
  if (lost < LOSSES / 2) await remakeTopic(simulation, random, mishaps.includes('old topics again'))
  else if (lost < LOSSES) await loseLog(simulation, random)
}

/** Versions that cannot be defined are refused when they are deployed. */
function definable(define: (random: Random) => JobDefinition, random: Random): JobDefinition[] {
  try {
    return [define(random)]
  } catch {
    return []
  }
}

function definition(job: SimulatedJob): (random: Random) => JobDefinition {
  return (random) => definitionOf('simulate', typeof job === 'function' ? job(random) : job)
}
