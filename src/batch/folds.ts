// Batches put together to one value. Spark: `reduce`, `fold`, `aggregate` of `RDD`. Every partition does what it has, and then the
// results are put together, in the order of partitions.

import { EmptyBatchError } from '../errors/batch-errors.ts'
import { own } from './own.ts'
import type { Partitions } from './partitions.ts'

/** @throws EmptyBatchError */
export function reducedTo<T>(partitions: Partitions<T>, f: (a: T, b: T) => T): T {
  const results = partitions.flatMap((elements): [T][] => {
    const [first, ...others] = elements.map((element): [T] => [element])
    return first ? [[others.reduce((sum, [element]) => f(sum, element), own(first[0]))]] : []
  })
  const [first, ...others] = results
  if (!first) throw new EmptyBatchError('reduce')
  return others.reduce((sum, [result]) => f(sum, result), first[0])
}

/** `zero` begins every partition, and the results of partitions: what is not neutral counts once more than there are partitions. */
export function aggregatedTo<T, C>(
  partitions: Partitions<T>,
  zero: C,
  add: (combined: C, element: T) => C,
  merge: (a: C, b: C) => C,
): C {
  const results = partitions.map((elements) => elements.reduce((sum, element) => add(sum, element), own(zero)))
  return results.reduce((sum, result) => merge(sum, result), own(zero))
}
