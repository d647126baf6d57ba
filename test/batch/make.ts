// Batches for tables: the elements in slices, as `sc.makeRDD` has them.

import { type Batch, batchOf } from '../../src/batch/batch.ts'
import { sliced } from '../../src/batch/partitions.ts'

/** Every table holds over one partition and over several. */
export const PARTITIONS = [1, 3] as const

export function make<T>(elements: readonly T[], partitions = 1): Batch<T> {
  return batchOf<T>(sliced(elements, partitions), { time: 1000, id: 'job/out/1000', offsetRanges: [] })
}

export const range = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, i) => from + i)

/** In an order of its own, for what Spark compares as sets. */
export function inOrder<T>(elements: Iterable<T>): T[] {
  return [...elements].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
