// What a batch is made of, and how elements are spread over partitions: by key, in slices, in turns.

import { checkPartitions } from '../options/options.ts'
import { bucketOf } from '../values/hash.ts'

/** The elements of a batch, by partition. */
export type Partitions<T> = readonly (readonly T[])[]

/** All elements, one partition after the other. */
export function flat<T>(partitions: Partitions<T>): T[] {
  return partitions.flat<Partitions<T>, 1>()
}

/** Over how many partitions keys are spread: as many as the largest of what comes together, unless somebody says. */
export function partitionsFor(
  operation: string,
  asked: number | undefined,
  ...of: readonly Partitions<unknown>[]
): number {
  if (asked !== undefined) return checkPartitions(`${operation}, numPartitions`, asked)
  return Math.max(0, ...of.map(({ length }) => length))
}

/** To the partition of each one's key, in order. */
export function byKey<T>(elements: Iterable<T>, keyOf: (element: T) => unknown, count: number): T[][] {
  const spread = Array.from({ length: count }, (): T[] => [])
  for (const element of elements) spread[bucketOf(keyOf(element), count)]?.push(element)
  return spread
}

/** In slices of nearly the same length, as `SparkContext.makeRDD` has them. */
export function sliced<T>(elements: readonly T[], count: number): T[][] {
  const at = (i: number): number => Math.floor((i * elements.length) / count)
  return Array.from({ length: count }, (_, i) => elements.slice(at(i), at(i + 1)))
}

/** One after the other, so that no partition has two more than another. Spark: `repartition`. */
export function inTurns<T>(partitions: Partitions<T>, count: number): T[][] {
  checkPartitions('repartition', count)
  const spread = Array.from({ length: count }, (): T[] => [])
  for (const [i, element] of flat(partitions).entries()) spread[i % count]?.push(element)
  return spread
}

/** Neighbours together; never more than there are. Spark: `coalesce`. */
export function coalesced<T>(partitions: Partitions<T>, count: number): Partitions<T> {
  checkPartitions('coalesce', count)
  return count >= partitions.length ? partitions : sliced(partitions, count).map((some) => flat(some))
}
