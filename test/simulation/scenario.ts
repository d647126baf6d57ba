// What one seed simulates: which job, which records, how time passes, and what goes wrong. All drawn before the run, so
// that the same scenario can be run again with other cuts and no faults, to compare.

import type { JobOptions } from '../../src/index.ts'
import { BATCH } from './batch.ts'
import { makeRecords, Partition } from './event-source.ts'
import { FAULTS, type Fault } from './faults.ts'
import { type JobKind, KINDS, POISON, TOPICS } from './jobs.ts'
import type { Random } from './random.ts'
import type { StatefulKind } from './stateful-jobs.ts'

export { BATCH }

/**
 * `exact`: nobody is silent for idleAfter, so contents per T are the records' alone (I2). `old`: the records are older than
 * the clock and partitions fall silent. `live`: records are about as old as the clock. `arrival`: time is the clock.
 */
export type Pace = 'exact' | 'old' | 'live' | 'arrival'

export interface Scenario {
  readonly seed: number
  readonly kind: JobKind | StatefulKind
  readonly pace: Pace
  readonly options: JobOptions
  readonly start: number
  readonly partitions: readonly Partition[]
  /** What the job is told at deployment. */
  readonly declared: ReadonlyMap<string, number>
  readonly reportFailures: boolean
  readonly faults: readonly Fault[]
  readonly faultProbability: number
  readonly staleReads: boolean
  /** How far clocks of processes may be off, milliseconds. */
  readonly skew: number
  readonly steps: number
  /** What records that come later say. */
  readonly textOf: (partition: string, offset: number) => string
  /** How often an event meets a process that has just started. */
  readonly coldStarts: number
  /** How often the next wake-up is what happens next. */
  readonly quiet: number
}

export function drawScenario(seed: number, random: Random): Scenario {
  const pace = random.pick(['exact', 'exact', 'old', 'live', 'arrival'] as const)
  const kind = random.chance(0.04) ? 'spilled' : random.pick(KINDS.filter((k) => k !== 'spilled'))
  const base = 1_700_000_000_000 + random.int(0, 1000)
  const partitions = drawPartitions(kind, base, random)
  const latest = Math.max(...partitions.flatMap(({ records }) => records.map(({ timestamp }) => timestamp)))
  const isDeclared = pace === 'exact' || random.chance(0.5)
  return {
    seed,
    kind,
    pace,
    options: {
      batch: BATCH,
      time: pace === 'arrival' ? 'arrival' : 'record',
      idleAfter: pace === 'exact' ? '1h' : random.pick([1500, 3000, 10_000]),
    },
    start: pace === 'live' || pace === 'arrival' ? base : latest + 1,
    partitions,
    declared: new Map(isDeclared ? TOPICS.map((topic) => [topic, countOf(topic, partitions)]) : []),
    reportFailures: random.chance(0.3),
    faults: random.some(FAULTS),
    faultProbability: random.pick([0, 0.01, 0.03, 0.08]),
    staleReads: random.chance(0.3),
    skew: pace === 'live' && random.chance(0.5) ? 200 : 0,
    steps: random.int(10, 50),
    textOf: (partition, offset) => `${partition}:${offset}`,
    coldStarts: random.pick([0.05, 0.15, 0.5]),
    quiet: random.pick([0.1, 0.4, 0.9]),
  }
}

function drawPartitions(kind: JobKind, base: number, random: Random): Partition[] {
  const most = kind === 'spilled' || kind === 'bulky' ? 12 : 30
  return TOPICS.flatMap((topic) =>
    Array.from({ length: random.int(topic === TOPICS[0] ? 1 : 0, 4) }, (_, partition) => {
      const name = `${topic}-${partition}`
      const first = random.pick([0, 0, random.int(1, 1000)])
      const nameOf = (offset: number): string => {
        const poisoned = kind === 'poison' && random.chance(0.15)
        return `${poisoned ? POISON : ''}${name}:${offset}`
      }
      const records = makeRecords({ topic, partition, first }, random.int(1, most), base, nameOf, random)
      return new Partition(name, records)
    }),
  )
}

export function countOf(topic: string, partitions: readonly Partition[]): number {
  return partitions.filter(({ name }) => name.slice(0, name.lastIndexOf('-')) === topic).length
}
