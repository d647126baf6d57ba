// What one seed simulates of a job: which records, how time passes, and what goes wrong. All drawn before the run.

import type { JobDefinition } from '../../graph/job.ts'
import { partitionName } from '../../names/tasks.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import type { Random } from './random.ts'
import { drawRecords, type SimulatedRecords } from './records.ts'
import { FAR_APART, FAULTS, type Fault, MISHAPS, type Mishap } from './troubles.ts'

/**
 * `exact`: nobody is silent for idleAfter, so contents per T are the records' alone (I2). `old`: the records are older than
 * the clock and partitions fall silent. `live`: records are about as old as the clock. `arrival`: time is the clock.
 */
export type Pace = 'exact' | 'old' | 'live' | 'arrival'

/** One partition of a topic. */
export interface PlannedPartition {
  readonly topic: string
  readonly partition: number
  readonly records: readonly KafkaEventRecord[]
  /** Records that come again after the job has been at rest for longer than its logs are kept. */
  readonly later: readonly KafkaEventRecord[]
  /** The names of all of them, by the offsets that were drawn: `lines-0/17`. */
  readonly original: readonly string[]
  /** The step at which the partition is added to the topic; 0: it has always been there. */
  readonly addedAt: number
}

export interface Scenario {
  readonly seed: number
  /** With the `idleAfter` of the pace. */
  readonly job: JobDefinition
  readonly pace: Pace
  readonly start: number
  readonly partitions: readonly PlannedPartition[]
  /** What the job is told at deployment. */
  readonly declared: ReadonlyMap<string, number>
  readonly reportFailures: boolean
  readonly faults: readonly Fault[]
  readonly faultProbability: number
  /** How far clocks of processes may be off, milliseconds. */
  readonly skew: number
  readonly steps: number
  /** How often an event meets a process that has just started. */
  readonly coldStarts: number
  /** How often the next wake-up is what happens next. */
  readonly quiet: number
  /** Whether everything is told again after a long rest. */
  readonly again: boolean
  /** Steps at which the next version of the code is deployed. */
  readonly deploys: readonly number[]
  /** Whether new processes may have old code for a while after a deployment. */
  readonly rolling: boolean
  readonly mishaps: readonly Mishap[]
}

export interface ScenarioOptions {
  readonly records: SimulatedRecords | undefined
  /** What may go wrong with calls. */
  readonly faults: readonly Fault[]
  /** Versions of the code. */
  readonly versions: number
  readonly mishaps: readonly Mishap[]
}

/** How far clocks of instances are off at most. AWS keeps them within a few milliseconds. */
const SKEW = 200

export function drawScenario(seed: number, job: JobDefinition, options: ScenarioOptions, random: Random): Scenario {
  const { batch, time, idle } = job.settings
  const running = idle === 'run'
  // Every empty batch is run: that must not be thousands.
  const paces = running ? (['live', 'live'] as const) : (['exact', 'exact', 'old', 'live'] as const)
  const pace: Pace = time === 'arrival' ? 'arrival' : random.pick(paces)
  const again = !running && random.chance(0.3)
  const steps = random.int(10, 70)
  const partitions = drawPartitions(job, options, steps, again, random)
  const stamps = partitions.flatMap(({ records, later }) => [...records, ...later].map(({ timestamp }) => timestamp))
  const [earliest, latest] = [Math.min(...stamps), Math.max(...stamps)]
  const isDeclared = pace === 'exact' || random.chance(0.5)
  const idleAfter = pace === 'exact' ? 1000 * batch : random.pick(running ? [1.5, 3] : [1.5, 3, 10]) * batch
  const faults = random.some(FAULTS).filter((fault) => options.faults.includes(fault))
  const sideBySide = random.chance(0.6) ? job.settings.sideBySide && 0 : undefined
  const deploys = Array.from({ length: options.versions - 1 }, () => random.int(0, steps)).sort((a, b) => a - b)
  const skew = random.chance(0.4) ? Math.min(SKEW, batch / 5) : 0
  const scenario = {
    seed,
    job: withIdleAfter({ ...job, settings: { ...job.settings, sideBySide } }, idleAfter),
    pace,
    start: pace === 'live' || pace === 'arrival' ? earliest : latest + 1,
    partitions,
    declared: isDeclared ? countsOf(job, partitions) : new Map(),
    reportFailures: random.chance(0.3),
    faults,
    faultProbability: random.pick([0, 0.01, 0.03, 0.08]),
    steps,
    coldStarts: random.pick([0.05, 0.15, 0.5]),
    quiet: random.pick([0.1, 0.4, 0.9]),
    again,
    deploys,
    rolling: random.chance(0.4),
  }
  const mishaps = random
    .some(MISHAPS, 0.25)
    // A job that runs every empty batch would run thousands.
    .filter((mishap) => options.mishaps.includes(mishap) && !(running && mishap === 'very late wake-ups'))
  return { ...scenario, mishaps, skew: mishaps.includes('clocks apart') ? FAR_APART : skew }
}

/** The scenario without some of its records; those that are left follow each other without a hole. */
export function withoutRecords(scenario: Scenario, omitted: ReadonlySet<string>): Scenario {
  if (omitted.size === 0) return scenario
  const partitions = scenario.partitions.flatMap((planned) => {
    const { topic, partition } = planned
    const first = planned.records[0]?.offset ?? planned.later[0]?.offset ?? 0
    const left = ({ offset }: KafkaEventRecord): boolean => !omitted.has(`${partitionName(topic, partition)}/${offset}`)
    const [records, later] = [planned.records.filter(left), planned.later.filter(left)]
    if (records.length + later.length === 0) return []
    const at = (from: number) => (record: KafkaEventRecord, i: number) => ({ ...record, offset: first + from + i })
    const original = planned.original.filter((name) => !omitted.has(name))
    return [{ ...planned, records: records.map(at(0)), later: later.map(at(records.length)), original }]
  })
  return { ...scenario, partitions }
}

export function withIdleAfter(job: JobDefinition, idleAfter: number, time = job.settings.time): JobDefinition {
  const retention = Math.max(job.settings.retention, 10 * idleAfter)
  return { ...job, settings: { ...job.settings, idleAfter, retention, time } }
}

function drawPartitions(
  job: JobDefinition,
  { records }: ScenarioOptions,
  steps: number,
  again: boolean,
  random: Random,
): PlannedPartition[] {
  const drawn = drawRecords(job, records, random)
  const growing = random.chance(0.25) ? random.pick([...new Set(drawn.map(({ topic }) => topic))]) : undefined
  const from = random.int(1, 3)
  return drawn.map(({ topic, partition, records: all }) => {
    const kept = again && random.chance(0.7) ? all.length - random.int(0, Math.ceil(all.length / 3)) : all.length
    const addedAt = topic === growing && partition >= from ? random.int(1, steps) : 0
    const original = all.map(({ offset }) => `${partitionName(topic, partition)}/${offset}`)
    return { topic, partition, records: all.slice(0, kept), later: all.slice(kept), original, addedAt }
  })
}

/** How many partitions the topics have at the beginning. */
function countsOf(job: JobDefinition, partitions: readonly PlannedPartition[]): Map<string, number> {
  const topics = new Set(job.sources.flatMap(({ source }) => source.feeds))
  return new Map(
    [...topics].map((topic) => {
      const own = partitions.filter((one) => one.topic === topic && one.addedAt === 0)
      return [topic, Math.max(0, ...own.map(({ partition }) => partition + 1))]
    }),
  )
}
