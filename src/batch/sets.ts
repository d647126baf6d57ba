// Batches as sets: elements are compared by value. Spark: `distinct`, `intersection`, `subtract`, `cartesian` of `RDD`.

import { KeyMap } from '../values/key-map.ts'
import { byKey, flat, type Partitions, partitionsFor } from './partitions.ts'

function seenIn(elements: Iterable<unknown>): KeyMap<true> {
  const seen = new KeyMap<true>()
  for (const element of elements) seen.set(element, true)
  return seen
}

/** Each once, the first of equal ones. */
export function distinctOf<T>(operation: string, partitions: Partitions<T>, numPartitions: number | undefined): T[][] {
  const count = partitionsFor(operation, numPartitions, partitions)
  const first = new KeyMap<T>()
  for (const element of flat(partitions)) if (!first.has(element)) first.set(element, element)
  return byKey(first.values(), (element) => element, count)
}

export function intersected<T>(a: Partitions<T>, b: Partitions<T>, numPartitions: number | undefined): T[][] {
  const others = seenIn(flat(b))
  const count = partitionsFor('intersection', numPartitions, a, b)
  const both = a.map((elements) => elements.filter((element) => others.has(element)))
  return distinctOf('intersection', both, Math.max(count, 1))
}

/** Without those whose key is among `others`; what stays stays where it was. */
export function without<T>(
  partitions: Partitions<T>,
  others: Iterable<unknown>,
  keyOf: (element: T) => unknown,
): T[][] {
  const gone = seenIn(others)
  return partitions.map((elements) => elements.filter((element) => !gone.has(keyOf(element))))
}

/** Every pair; a partition for each pair of partitions. */
export function product<T, U>(a: Partitions<T>, b: Partitions<U>): [T, U][][] {
  return a.flatMap((left) => b.map((right) => left.flatMap((x) => right.map((y): [T, U] => [x, y]))))
}
