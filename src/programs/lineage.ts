// How what leaves a task is ordered and spread over buckets: by the records that elements come from (operators/trace.ts).

import type { Origins } from '../operators/trace.ts'
import type { Program } from '../plan/plan.ts'
import type { SourceKind, SourceRecord } from '../sources/source.ts'

/** Whether anything in a program goes by it: else nobody takes note. */
export function isTraced({ steps, edges }: Program): boolean {
  return (
    steps.some(({ inputs }) => inputs.length > 1) ||
    edges.some(({ edge }) => edge.how === 'spread' && edge.numPartitions > 1)
  )
}

/** What leaves a task from one of its streams. */
export interface Leaving {
  /** Record by record; of one record in their order in the stream. */
  readonly elements: readonly unknown[]
  readonly spread: Spread
}

/** For elements that are spread over `count` buckets: the bucket of each. */
export type Spread = (count: number) => readonly number[]

/** A union has its streams one after the other, as Spark has: that shows where a micro-batch begins, so what leaves is put in order. */
export function leavingOf(
  source: SourceKind,
  records: readonly SourceRecord[],
  elements: readonly unknown[],
  origins: Origins,
): Leaving {
  if (origins.every((origin, i) => i === 0 || (origins[i - 1] ?? 0) <= origin)) {
    return { elements, spread: spreadByRecord(source, records, origins) }
  }
  const order = [...origins.keys()].sort((a, b) => (origins[a] ?? 0) - (origins[b] ?? 0))
  const sorted = order.map((i) => origins[i] ?? 0)
  return { elements: order.map((i) => elements[i]), spread: spreadByRecord(source, records, sorted) }
}

/** By what the source says of each record, and what comes of one record over the next buckets. */
export function spreadByRecord(source: SourceKind, records: readonly SourceRecord[], origins: Origins): Spread {
  return (count) => {
    let [last, nth] = [-1, 0]
    return origins.map((origin) => {
      nth = origin === last ? nth + 1 : 0
      last = origin
      const record = records[origin]
      return ((record ? source.bucketOf(record, count) : 0) + nth) % count
    })
  }
}
