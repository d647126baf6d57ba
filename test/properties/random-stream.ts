// Random records: what is produced to every partition, and when. Sessions are far apart: between them the job comes to rest.

import fc from 'fast-check'
import { TOPICS } from './elaborate.ts'
import { BATCH } from './job-ast.ts'

export interface DrawnRecord {
  readonly topic: number
  readonly partition: number
  /** Milliseconds since the record before, of any partition. */
  readonly after: number
  /** By how much the timestamp is behind that. */
  readonly late: number
  readonly key: number
  readonly value: number
}

export interface Session {
  /** `live`: the clock goes with the records. `old`: all of them are there when the session begins. */
  readonly pace: 'live' | 'old'
  readonly records: readonly DrawnRecord[]
}

/**
 * What the job knows of partitions. `declared`: all of them, from the beginning. `learned`: none; a partition is known when its first
 * records come, be others ahead or not. `growing`: all that there are, and every session has one more of each topic.
 */
export type Growth = 'declared' | 'learned' | 'growing'

export interface RandomStream {
  readonly growth: Growth
  /** Partitions per topic. */
  readonly partitions: readonly number[]
  readonly sessions: readonly Session[]
}

/** Few, so that keys meet; some that are easily taken for something else. */
export const KEYS = ['a', 'b', 'bb', '', '__proto__', 'k1', 'a/#=é'] as const

/** A session is no longer than this, in batch intervals. */
export const SPAN = 9

const record: fc.Arbitrary<DrawnRecord> = fc.record({
  topic: fc.nat({ max: TOPICS.length - 1 }),
  partition: fc.nat({ max: 3 }),
  after: fc.oneof(
    { weight: 3, arbitrary: fc.nat({ max: 300 }) },
    { weight: 1, arbitrary: fc.nat({ max: 2500 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, BATCH, 2 * BATCH) },
  ),
  late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 2500 }) }),
  key: fc.nat({ max: KEYS.length - 1 }),
  value: fc.integer({ min: -3, max: 6 }),
})

export const randomStream: fc.Arbitrary<RandomStream> = fc.record({
  growth: fc.oneof(
    { weight: 2, arbitrary: fc.constant('declared' as const) },
    { weight: 1, arbitrary: fc.constantFrom('learned' as const, 'growing' as const) },
  ),
  partitions: fc.tuple(...TOPICS.map(() => fc.integer({ min: 1, max: 4 }))),
  sessions: fc.array(
    fc.record({
      pace: fc.constantFrom('old' as const, 'live' as const),
      records: fc.array(record, { minLength: 1, maxLength: 25 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

/** A record with its place in time, from the beginning of its session. */
export interface TimedRecord {
  readonly topic: string
  readonly partition: number
  /** When it is produced. */
  readonly at: number
  readonly timestamp: number
  readonly value: string
}

/** The records of a session of a job that reads these topics, in the order in which they are produced. */
export function layOut(
  { records }: Session,
  partitions: ReadonlyMap<string, number>,
  topics: readonly string[],
): TimedRecord[] {
  let at = 0
  const begun = new Set<string>()
  return records.map(({ topic: number, partition: any, after, late, key, value }) => {
    at = Math.min(at + after, SPAN * BATCH)
    const topic = topics[number % topics.length] ?? ''
    const partition = any % (partitions.get(topic) ?? 1)
    // A partition that was silent for long starts anew with the session: nobody has had a reason to move it on.
    const first = !begun.has(`${topic}-${partition}`)
    begun.add(`${topic}-${partition}`)
    const produced = first ? 0 : at
    const timestamp = Math.max(0, produced - (first ? 0 : late))
    return { topic, partition, at: produced, timestamp, value: `${KEYS[key]}=${value}` }
  })
}

/** How the records reach the job: decided by `seed`, within these limits. All off: one process, one event after the other. */
export interface Schedule {
  readonly seed: number
  readonly duplicates: boolean
  readonly restarts: boolean
  readonly concurrency: boolean
  readonly faults: boolean
  readonly staleReads: boolean
}

export const randomSchedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  duplicates: fc.boolean(),
  restarts: fc.boolean(),
  concurrency: fc.boolean(),
  faults: fc.boolean(),
  staleReads: fc.boolean(),
})
