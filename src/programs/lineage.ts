// Which record each element of a micro-batch comes from. What has to be spread over buckets goes by that, and so does the order of
// what leaves: by the position in a micro-batch both would depend on how the event source has cut the partition (I2).

import type { Program } from '../plan/plan.ts'
import type { SourceKind, SourceRecord } from '../sources/source.ts'

/** Per element the index of its record. */
export type Origins = readonly number[]

/** Takes note, while an operator runs, of where what it puts out comes from. */
export class Trace {
  /** Of the output. */
  origins: Origins
  readonly #input: Origins
  #made: number[] | undefined

  constructor(input: Origins) {
    this.#input = input
    this.origins = input // as for operators that put out one element for each
  }

  /** The operator has put out one more of its input's element `i`; `none` must have been called before the first. */
  add(i: number): void {
    this.#made?.push(this.#input[i] ?? 0)
  }

  none(): void {
    this.#made = []
    this.origins = this.#made
  }

  /** The operator has put out so many elements of all of its input: which are whose nobody knows. */
  ofAll(count: number): void {
    this.origins = new Array<number>(count).fill(this.#input[0] ?? 0)
  }
}

/** Whether anything in a program goes by it: else nobody takes note. */
export function isTraced({ steps, edges }: Program): boolean {
  return (
    steps.some(({ node, inputs }) => node.kind === 'union' && inputs.length > 1) ||
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
