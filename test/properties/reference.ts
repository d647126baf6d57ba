// What Spark would publish for a random job, worked out from the records alone: one thread, one batch after the other, every
// operator's definition as Spark's documentation gives it, with the whole history at hand. Shares nothing with `src/operators`.

import type { Element } from './functions.ts'
import type { History } from './history.ts'
import { BATCH, type JobAst, type JobNode } from './job-ast.ts'
import { DEFINITIONS, type Definitions } from './reference-operators.ts'

/** A record in the order of its partition. */
export interface ReferenceRecord {
  readonly topic: string
  readonly partition: number
  readonly timestamp: number
  readonly value: string
  /** The batch that it fell into, where that does not follow from the records alone. */
  readonly time?: number
}

/** How a wrong reference differs from the right one; empty: not at all. */
export interface Mistakes {
  readonly operators?: Partial<Definitions>
  readonly batchTimes?: (records: readonly ReferenceRecord[]) => number[]
  /** Takes no notice of the batches that records of late partitions really fell into. */
  readonly neverLate?: true
}

export interface Expected {
  /** Batch times in which some record is, ascending. */
  readonly dataTimes: readonly number[]
  /** All batch times from the first with data. */
  readonly times: readonly number[]
  /** The elements of a node at a time at which it has a batch, undefined at others. */
  contents(node: number, time: number): readonly Element[] | undefined
}

/** More elements than this in one batch are not worth a test. */
const TOO_MANY = 2000
/** Sums of larger numbers depend on their order. */
const TOO_LARGE = 1e13

/** A job of which the test would be slow or its sums inexact. */
export class TooLargeError extends Error {}

/** @param until the last batch time of interest @throws TooLargeError */
export function reference(
  { nodes }: JobAst,
  records: readonly ReferenceRecord[],
  until: number,
  { operators = {}, batchTimes = batchTimesOf, neverLate }: Mistakes = {},
): Expected {
  const timed = byPartition(records).flatMap((partition) => {
    const times = batchTimes(partition)
    return partition.map((record, i) => ({ ...record, time: (neverLate ? undefined : record.time) ?? times[i] ?? 0 }))
  })
  const dataTimes = [...new Set(timed.map(({ time }) => time))].sort((a, b) => a - b)
  const first = dataTimes[0] ?? until + BATCH
  const times = Array.from({ length: Math.max(0, (until - first) / BATCH + 1) }, (_, i) => first + i * BATCH)

  const history: Map<number, readonly Element[]>[] = nodes.map(() => new Map())
  const at: History = {
    batches: (node, after, upTo) => [...(history[node] ?? [])].filter(([time]) => time > after && time <= upTo),
    states: new Map(),
    recordsOf: (topics, time) => timed.filter((record) => record.time === time && topics.includes(record.topic)),
  }
  const definitions: Definitions = { ...DEFINITIONS, ...operators }
  const running = nodes.map((node, i) => start(definitions, node, i, at))
  for (const time of times) {
    for (const [i, { slide }] of nodes.entries()) {
      if (time % (slide * BATCH) === 0) history[i]?.set(time, checked(running[i]?.(time) ?? []))
    }
  }
  return { dataTimes, times, contents: (node, time) => history[node]?.get(time) }
}

function start<N extends JobNode['op']>(definitions: Definitions, node: JobNode<N>, index: number, at: History) {
  return definitions[node.op](node, at, index)
}

/** An element belongs to the batch that its timestamp falls into, but to none before that of an earlier record of its partition. */
export function batchTimesOf(partition: readonly ReferenceRecord[]): number[] {
  let latest = 0
  return partition.map(({ timestamp }) => {
    latest = Math.max(latest, timestamp)
    return (Math.floor(latest / BATCH) + 1) * BATCH
  })
}

function byPartition(records: readonly ReferenceRecord[]): ReferenceRecord[][] {
  return [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
}

function checked(elements: readonly Element[]): readonly Element[] {
  if (elements.length > TOO_MANY) throw new TooLargeError(`${elements.length} elements`)
  for (const element of elements) {
    const number = typeof element === 'object' ? element[1] : element
    if (typeof number === 'number' && Math.abs(number) > TOO_LARGE) throw new TooLargeError(`${number}`)
    if (typeof number === 'string' && number.length > 100) throw new TooLargeError(number)
  }
  return elements
}
