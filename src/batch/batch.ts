// A batch as a whole, as functions of `transform` and `foreachRDD` see it: RDD's vocabulary over elements that are in memory. Lazy:
// what a method says is worked out when an action asks for it, once, and kept as long as somebody holds the batch. Definitions
// follow org.apache.spark.rdd.RDD and PairRDDFunctions; what an operation means stands in the files beside this one.

import { checkFunction } from '../options/options.ts'
import type { Partitions } from './partitions.ts'

/** Records of a Kafka partition that a batch has come from. Spark: `OffsetRange` of `HasOffsetRanges`. */
export interface OffsetRange {
  /** The topic's name. */
  readonly topic: string
  /** Of the topic, from 0. */
  readonly partition: number
  /** The first offset. */
  readonly fromOffset: number
  /** The offset after the last one. */
  readonly untilOffset: number
}

/** What every batch that is derived from one says as well. */
export interface BatchFacts {
  readonly time: number
  readonly id: string
  readonly offsetRanges: readonly OffsetRange[]
}

/**
 * The elements of one batch of a stream, in partitions. Immutable. Spark: `RDD`, and `PairRDDFunctions` of pairs.
 *
 * @example
 * function best(batch: Batch<[shop: string, cents: number]>): [string, number][] {
 *   return batch.reduceByKey((a, b) => a + b).sortBy(([, cents]) => cents, { ascending: false }).take(10)
 * }
 */
export class Batch<T> implements BatchFacts {
  /** The batch time, milliseconds: the end of its interval. */
  readonly time: number
  /** The same in every try: of the job, the output and the batch time. A key for writers that must not write twice. */
  readonly id: string
  /** Where the records of the batch stood in their topics. Spark: `offsetRanges`, which its derived RDDs lose. */
  readonly offsetRanges: readonly OffsetRange[]
  readonly #compute: () => Partitions<T>
  #partitions: Partitions<T> | undefined

  /** @internal Batches come from streams and from other batches. */
  constructor(facts: BatchFacts, compute: () => Partitions<T>) {
    this.time = facts.time
    this.id = facts.id
    this.offsetRanges = facts.offsetRanges
    this.#compute = compute
  }

  /** @internal */
  get partitions(): Partitions<T> {
    this.#partitions ??= this.#compute()
    return this.#partitions
  }

  /** A batch of the same facts, from the partitions of this one. */
  #then<U>(next: (partitions: Partitions<T>) => Partitions<U>): Batch<U> {
    return new Batch(this, () => next(this.partitions))
  }

  /**
   * Applies `f` to every element. Spark: `map`.
   *
   * @example batch.map((word) => word.length)
   */
  map<U>(f: (element: T) => U): Batch<U> {
    checkFunction('map', f)
    return this.#then((partitions) => partitions.map((elements) => elements.map((element) => f(element))))
  }

  /**
   * Keeps the elements for which `f` is true; a type guard narrows the type. Spark: `filter`.
   *
   * @example batch.filter((word) => word !== '')
   */
  filter<U extends T>(f: (element: T) => element is U): Batch<U>
  filter(f: (element: T) => boolean): Batch<T>
  filter(f: (element: T) => boolean): Batch<T> {
    checkFunction('filter', f)
    return this.#then((partitions) => partitions.map((elements) => elements.filter((element) => f(element))))
  }

  /**
   * All elements, those of the first partition first. Spark: `collect`.
   *
   * @example batch.collect()
   */
  collect(): T[] {
    return this.partitions.flatMap((elements) => elements)
  }

  /**
   * How many elements there are. Spark: `count`.
   *
   * @example batch.count()
   */
  count(): number {
    return this.partitions.reduce((count, elements) => count + elements.length, 0)
  }
}

/**
 * The elements of a closed batch as a `Batch`: the caller knows of which type they are.
 *
 * @param partitions are not copied, and must not change any more
 */
export function batchOf<T>(partitions: Partitions<unknown>, info: BatchFacts): Batch<T>
export function batchOf(partitions: Partitions<unknown>, info: BatchFacts): Batch<unknown> {
  return new Batch(info, () => partitions)
}
