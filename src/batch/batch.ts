// A batch as a whole, as functions of `transform` and `foreachRDD` see it: RDD's vocabulary over elements that are in memory. Lazy:
// what a method says is worked out when an action asks for it, once, and kept as long as somebody holds the batch. Definitions
// follow org.apache.spark.rdd.RDD and PairRDDFunctions; what an operation means stands in the files beside this one.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EmptyBatchError } from '../errors/batch-errors.ts'
import type { Inferred } from '../options/inferred.ts'
import { checkFunction } from '../options/options.ts'
import { synchronous } from '../options/synchronous.ts'
import type { Reduce, Widen } from '../options/widen.ts'
import type { OffsetRange } from '../sources/source.ts'
import type { SqlColumns, SqlRow, SqlRowOf } from '../sql/columns.ts'
import type { SqlOptions, SqlReturns } from '../sql/options.ts'
import { hashOf } from '../values/hash.ts'
import { KeyMap } from '../values/key-map.ts'
import { Effects, forEach, forEachPartition } from './effects.ts'
import { aggregatedTo, reducedTo } from './folds.ts'
import { cogrouped, everyPair, orUndefined } from './joins.ts'
import { type Compare, checkSort, greatest, greatestOf, least, leastOf, type SortOptions, sorted } from './order.ts'
import { aggregated, combined, counted, grouped, mapOf, type PartitionOptions, reduced } from './pairs.ts'
import { coalesced, flat, inTurns, type Partitions } from './partitions.ts'
import { checkDrawing, drawn, numbered, zipped } from './positions.ts'
import { distinctOf, intersected, product, without } from './sets.ts'

export type { OffsetRange }

/** The other side of an operation on two batches: a batch, or anything that has elements, which is one partition. */
export type Side<T> = Batch<T> | Iterable<T>

/** The name that the compiler shows when a batch has no keys. */
type BatchOfPairs<K, V> = Batch<readonly [K, V]>

/** What every batch that is derived from one says as well. */
export interface BatchFacts {
  /** The batch time, milliseconds. */
  readonly time: number
  /** The same in every try: of the job, the output and the batch time. */
  readonly id: string
  /** Where its records stood in their topics. */
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
export class Batch<out T> implements BatchFacts, Iterable<T> {
  /** The batch time, milliseconds: the end of its interval. */
  readonly time: number
  /** The same in every try: of the job, the output and the batch time. A key for writers that must not write twice. */
  readonly id: string
  /** Where the records of the batch stood in their topics. Spark: `offsetRanges`, which its derived RDDs lose. */
  readonly offsetRanges: readonly OffsetRange[]
  readonly #compute: () => Partitions<T>
  readonly #effects: Effects
  #partitions: Partitions<T> | undefined

  /** @internal Batches come from streams and from other batches. */
  constructor(facts: BatchFacts, compute: () => Partitions<T>, effects = new Effects()) {
    this.time = facts.time
    this.id = facts.id
    this.offsetRanges = facts.offsetRanges
    this.#compute = compute
    this.#effects = effects
  }

  /** @internal */
  get partitions(): Partitions<T> {
    this.#partitions ??= this.#compute()
    return this.#partitions
  }

  /** @internal When what `foreach` and `foreachPartition` have begun on it, and on batches derived from it, is done; undefined: they have begun nothing. */
  settled(): Promise<void> | undefined {
    return this.#effects.any ? this.#effects.settled() : undefined
  }

  /**
   * Its elements, those of the first partition first.
   *
   * @example for (const { shop } of batch) console.log(shop)
   */
  [Symbol.iterator](): IterableIterator<T> {
    return this.collect().values()
  }

  /** A batch of the same facts, from the partitions of this one. */
  #then<U>(next: (partitions: Partitions<T>) => Partitions<U>): Batch<U> {
    return new Batch(this, () => next(this.partitions), this.#effects)
  }

  /**
   * Applies `f` to every element. Spark: `map`.
   *
   * @example batch.map(({ shop }) => shop)
   */
  map<U extends Inferred>(f: (element: T) => U): Batch<U> {
    checkFunction('map', f)
    return this.#then((partitions) => partitions.map((elements) => elements.map((element) => f(element))))
  }

  /**
   * Keeps the elements for which `f` is true; a type guard narrows the type. Spark: `filter`.
   *
   * @example batch.filter(({ cents }) => cents > 0)
   */
  filter<U extends T>(f: (element: T) => element is U): Batch<U>
  filter(f: (element: T) => boolean): Batch<T>
  filter(f: (element: T) => boolean): Batch<T> {
    checkFunction('filter', f)
    return this.#then((partitions) =>
      partitions.map((elements) => elements.filter((element) => synchronous('filter', f(element)))),
    )
  }

  /**
   * Applies `f` to every element and flattens what it returns, by one level. Spark: `flatMap`.
   *
   * @example batch.flatMap(({ items }) => items)
   */
  flatMap<U extends Inferred>(f: (element: T) => Iterable<U>): Batch<U> {
    checkFunction('flatMap', f)
    return this.#then((partitions) =>
      partitions.map((elements) => elements.flatMap((element) => [...synchronous('flatMap', f(element))])),
    )
  }

  /**
   * Applies `f` once to each partition. Spark: `mapPartitions`.
   *
   * @example batch.mapPartitions((some) => [[...some].length])
   */
  mapPartitions<U extends Inferred>(f: (elements: Iterable<T>) => Iterable<U>): Batch<U> {
    checkFunction('mapPartitions', f)
    return this.mapPartitionsWithIndex((_, elements) => f(elements))
  }

  /**
   * The same with the number of the partition, from 0. Spark: `mapPartitionsWithIndex`.
   *
   * @example batch.mapPartitionsWithIndex((index, some) => [[index, [...some].length] as const])
   */
  mapPartitionsWithIndex<U extends Inferred>(f: (index: number, elements: Iterable<T>) => Iterable<U>): Batch<U> {
    checkFunction('mapPartitionsWithIndex', f)
    return this.#then((partitions) =>
      partitions.map((elements, index) => [...synchronous('mapPartitions', f(index, elements))]),
    )
  }

  /**
   * One array per partition, with its elements. Spark: `glom`.
   *
   * @example batch.glom().map((some) => some.length)
   */
  glom(): Batch<T[]> {
    return this.#then((partitions) => partitions.map((elements) => [[...elements]]))
  }

  /**
   * Each element once, the first of equal ones; elements are compared by value. Spark: `distinct`.
   *
   * @throws InvalidKeyError (from the action) for an element that cannot be compared by value.
   * @example batch.map(({ shop }) => shop).distinct()
   */
  distinct(numPartitions?: number): Batch<T> {
    return this.#then((partitions) => distinctOf('distinct', partitions, numPartitions))
  }

  /**
   * The elements of this batch and of the other, the partitions of one after those of the other. Spark: `union`.
   *
   * @example batch.union([{ id: 'none', shop: 'corner shop', cents: 0, at: 0, items: [] }])
   */
  union(other: Side<T>): Batch<T> {
    return this.#then((partitions) => [...partitions, ...partitionsOf(other)])
  }

  /**
   * The elements that both have, each once, compared by value. Spark: `intersection`.
   *
   * @throws InvalidKeyError (from the action) for an element that cannot be compared by value.
   * @example batch.map(({ shop }) => shop).intersection(['corner shop', 'market'])
   */
  intersection(other: Side<T>, numPartitions?: number): Batch<T> {
    return this.#then((partitions) => intersected(partitions, partitionsOf(other), numPartitions))
  }

  /**
   * The elements that the other does not have, compared by value; what comes twice stays twice. Spark: `subtract`.
   *
   * @throws InvalidKeyError (from the action) for an element that cannot be compared by value.
   * @example batch.map(({ shop }) => shop).subtract(['corner shop'])
   */
  subtract(other: Side<T>): Batch<T> {
    return this.#then((partitions) => without(partitions, flat(partitionsOf(other)), (element) => element))
  }

  /**
   * Every pair of an element of this batch and one of the other. Spark: `cartesian`.
   *
   * @example batch.cartesian(['EUR', 'USD'])
   */
  cartesian<U>(other: Side<U>): Batch<[T, U]> {
    return this.#then((partitions) => product(partitions, partitionsOf(other)))
  }

  /**
   * Each element with the one that stands in its place in the other: both have the same number of partitions, and of elements in each. Spark: `zip`.
   *
   * @throws UnequalBatchesError (from the action) when they do not.
   * @example batch.zip(batch.map(({ cents }) => cents))
   */
  zip<U>(other: Batch<U>): Batch<[T, U]> {
    return this.#then((partitions) => zipped(partitions, other.partitions))
  }

  /**
   * Each element with its place in the batch, from 0. Spark: `zipWithIndex`.
   *
   * @example batch.sortBy(({ cents }) => cents).zipWithIndex()
   */
  zipWithIndex(): Batch<[T, number]> {
    return this.#then(numbered)
  }

  /**
   * Some of the elements, by chance: each with the probability `fraction`, or, with replacement, `fraction` times on average. Spark: `sample`.
   *
   * @param seed draws the same elements again. Default: one that the batch has, the same in every try.
   * @throws InvalidOptionError for a fraction that is none.
   * @example batch.sample(false, 0.1)
   */
  sample(withReplacement: boolean, fraction: number, seed: number = hashOf(this.id)): Batch<T> {
    const drawing = { withReplacement, fraction, seed }
    checkDrawing(drawing)
    return this.#then((partitions) => drawn(partitions, drawing))
  }

  /**
   * The same elements over `numPartitions` partitions, one after the other. Spark: `repartition`.
   *
   * @throws InvalidOptionError (from the action) for a number of partitions that is none.
   * @example batch.repartition(4).foreachPartition(async (some) => console.log([...some].length))
   */
  repartition(numPartitions: number): Batch<T> {
    return this.#then((partitions) => inTurns(partitions, numPartitions))
  }

  /**
   * The same elements in fewer partitions, neighbours together; with `shuffle` as {@link repartition}. Spark: `coalesce`.
   *
   * @throws InvalidOptionError (from the action) for a number of partitions that is none.
   * @example batch.coalesce(1).glom()
   */
  coalesce(numPartitions: number, { shuffle = false }: { readonly shuffle?: boolean } = {}): Batch<T> {
    if (shuffle) return this.repartition(numPartitions)
    return this.#then((partitions) => coalesced(partitions, numPartitions))
  }

  /**
   * Sorted by what `keyOf` gives, in the natural order of numbers, bigints, texts, booleans, dates and arrays of these, or by `compare`. Equal ones keep
   * their order. Spark: `sortBy`.
   *
   * @throws InvalidOptionError; TypeError (from the action) for keys that have no natural order.
   * @example batch.sortBy(({ cents }) => cents, { ascending: false }).take(10)
   */
  sortBy<K>(keyOf: (element: T) => K, options: SortOptions<K> = {}): Batch<T> {
    checkFunction('sortBy', keyOf)
    checkSort('sortBy', options)
    return this.#then((partitions) => sorted('sortBy', partitions, keyOf, options))
  }

  /**
   * Pairs sorted by key, as {@link sortBy}. Spark: `sortByKey`.
   *
   * @throws InvalidOptionError; TypeError (from the action) for keys that have no natural order.
   * @example perShop.sortByKey({ ascending: false })
   */
  sortByKey<K, V>(this: BatchOfPairs<K, V>, options: SortOptions<K> = {}): Batch<readonly [K, V]> {
    checkSort('sortByKey', options)
    return this.#then((partitions) => sorted('sortByKey', partitions, ([key]) => key, options))
  }

  /**
   * Elements by what `keyOf` gives: a pair of each key and all of its elements. Spark: `groupBy`.
   *
   * @throws InvalidKeyError (from the action).
   * @example batch.groupBy(({ shop }) => shop)
   */
  groupBy<K>(keyOf: (element: T) => K, options: PartitionOptions = {}): Batch<[K, T[]]> {
    const pairs = this.map((element): [K, T] => [keyOf(element), element])
    return pairs.#then((partitions) => grouped('groupBy', partitions, options))
  }

  /**
   * A pair of each key and all of its values. Spark: `groupByKey`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.groupByKey().mapValues((all) => all.length)
   */
  groupByKey<K, V>(this: BatchOfPairs<K, V>, options: PartitionOptions = {}): Batch<[K, V[]]> {
    return this.#then((partitions) => grouped('groupByKey', partitions, options))
  }

  /**
   * A pair of each key and its values, put together by `f`, which may change and return its first argument. Spark: `reduceByKey`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.reduceByKey((a, b) => a + b)
   */
  reduceByKey<K, V extends Inferred>(
    this: BatchOfPairs<K, V>,
    f: Reduce<V>,
    options: PartitionOptions = {},
  ): Batch<[K, Widen<V>]> {
    return widened(this).#then((partitions) => reduced(partitions, f, options))
  }

  /**
   * As {@link reduceByKey}, where every partition begins a key with a copy of `zero`. Spark: `foldByKey`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.foldByKey(0, (a, b) => a + b)
   */
  foldByKey<K, V extends Inferred>(
    this: BatchOfPairs<K, V>,
    zero: Widen<V>,
    f: Reduce<V>,
    options: PartitionOptions = {},
  ): Batch<[K, Widen<V>]> {
    return widened(this).#then((partitions) => aggregated('foldByKey', partitions, zero, [f, f], options))
  }

  /**
   * A pair of each key and what `add` makes of its values, from a copy of `zero` in every partition; `merge` puts those of partitions together. Both may
   * change and return their first argument. Spark: `aggregateByKey`.
   *
   * @throws InvalidKeyError (from the action).
   * @example
   * perShop.aggregateByKey(
   *   { sum: 0, n: 0 },
   *   ({ sum, n }, cents) => ({ sum: sum + cents, n: n + 1 }),
   *   (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
   * )
   */
  aggregateByKey<K, V, C>(
    this: BatchOfPairs<K, V>,
    zero: C,
    add: (combined: C, value: V) => C,
    merge: (a: C, b: C) => C,
    options: PartitionOptions = {},
  ): Batch<[K, C]> {
    return this.#then((partitions) => aggregated('aggregateByKey', partitions, zero, [add, merge], options))
  }

  /**
   * The general way to put the values of a key together: `create` makes an accumulator of a first value, `add` adds another, `merge` puts those of partitions
   * together. Spark: `combineByKey`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.combineByKey((cents) => [cents], (all, cents) => [...all, cents], (a, b) => [...a, ...b])
   */
  combineByKey<K, V, C extends Inferred>(
    this: BatchOfPairs<K, V>,
    create: (value: V) => C,
    add: (combined: Widen<C>, value: V) => Widen<C>,
    merge: Reduce<C>,
    options: PartitionOptions = {},
  ): Batch<[K, Widen<C>]> {
    const how = { create: widening(create), add, merge }
    return this.#then((partitions) => combined('combineByKey', partitions, how, options))
  }

  /**
   * Applies `f` to the values of pairs. Spark: `mapValues`.
   *
   * @example perShop.mapValues((cents) => cents / 100)
   */
  mapValues<K, V, U extends Inferred>(this: BatchOfPairs<K, V>, f: (value: V) => U): Batch<[K, U]> {
    checkFunction('mapValues', f)
    return this.map(([key, value]): [K, U] => [key, f(value)])
  }

  /**
   * Applies `f` to the values of pairs: a pair of the key and each result. Spark: `flatMapValues`.
   *
   * @example perShop.flatMapValues((cents) => (cents > 0 ? [cents] : []))
   */
  flatMapValues<K, V, U extends Inferred>(this: BatchOfPairs<K, V>, f: (value: V) => Iterable<U>): Batch<[K, U]> {
    checkFunction('flatMapValues', f)
    return this.flatMap(([key, value]) => Array.from(f(value), (result): [K, U] => [key, result]))
  }

  /**
   * The keys of pairs, as often as they come. Spark: `keys`.
   *
   * @example perShop.keys().distinct()
   */
  keys<K, V>(this: BatchOfPairs<K, V>): Batch<K> {
    return this.map(([key]) => key)
  }

  /**
   * The values of pairs. Spark: `values`.
   *
   * @example perShop.values().sum()
   */
  values<K, V>(this: BatchOfPairs<K, V>): Batch<V> {
    return this.map(([, value]) => value)
  }

  /**
   * For every key of either: `[key, [values of this, values of the other]]`. Spark: `cogroup`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.cogroup([['corner shop', 'Oslo']])
   */
  cogroup<K, V, W>(
    this: BatchOfPairs<K, V>,
    other: Side<readonly [K, W]>,
    options: PartitionOptions = {},
  ): Batch<[K, [V[], W[]]]> {
    return this.#then((partitions) => cogrouped('cogroup', partitions, partitionsOf(other), options))
  }

  /**
   * Every pair of values of a key; a key that either lacks is left out. Spark: `join`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.join([['corner shop', 'Oslo']])
   */
  join<K, V, W>(
    this: BatchOfPairs<K, V>,
    other: Side<readonly [K, W]>,
    options: PartitionOptions = {},
  ): Batch<[K, [V, W]]> {
    return this.cogroup(other, options).flatMapValues(([left, right]) => everyPair(left, right))
  }

  /**
   * As {@link join}, with `undefined` for a key that the other lacks. Spark: `leftOuterJoin`.
   *
   * @throws InvalidKeyError (from the action).
   * @example
   * const blocked = new Map([['corner shop', true]])
   * perShop.leftOuterJoin(blocked).filter(([, [, isBlocked]]) => !isBlocked)
   */
  leftOuterJoin<K, V, W>(
    this: BatchOfPairs<K, V>,
    other: Side<readonly [K, W]>,
    options: PartitionOptions = {},
  ): Batch<[K, [V, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues(([left, right]) => everyPair(left, orUndefined(right)))
  }

  /**
   * As {@link join}, with `undefined` for a key that this lacks. Spark: `rightOuterJoin`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.rightOuterJoin([['corner shop', 'Oslo']]).mapValues(([cents = 0]) => cents)
   */
  rightOuterJoin<K, V, W>(
    this: BatchOfPairs<K, V>,
    other: Side<readonly [K, W]>,
    options: PartitionOptions = {},
  ): Batch<[K, [V | undefined, W]]> {
    return this.cogroup(other, options).flatMapValues(([left, right]) => everyPair(orUndefined(left), right))
  }

  /**
   * As {@link join}, with `undefined` for a key that either lacks. Spark: `fullOuterJoin`.
   *
   * @throws InvalidKeyError (from the action).
   * @example perShop.fullOuterJoin([['corner shop', 'Oslo']])
   */
  fullOuterJoin<K, V, W>(
    this: BatchOfPairs<K, V>,
    other: Side<readonly [K, W]>,
    options: PartitionOptions = {},
  ): Batch<[K, [V | undefined, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues(([left, right]) =>
      everyPair(orUndefined(left), orUndefined(right)),
    )
  }

  /**
   * All elements, those of the first partition first. Spark: `collect`.
   *
   * @example batch.collect()
   */
  collect(): T[] {
    return flat(this.partitions)
  }

  /**
   * How many elements there are. Spark: `count`.
   *
   * @example batch.count()
   */
  count(): number {
    return this.partitions.reduce((count, elements) => count + elements.length, 0)
  }

  /**
   * Whether there are none. Spark: `isEmpty`.
   *
   * @example if (batch.isEmpty()) console.log('nothing came')
   */
  isEmpty(): boolean {
    return this.partitions.every((elements) => elements.length === 0)
  }

  /**
   * The first `n` elements, or as many as there are. Spark: `take`.
   *
   * @example batch.sortBy(({ cents }) => cents).take(3)
   */
  take(n: number): T[] {
    return flat(this.partitions).slice(0, Math.max(0, n))
  }

  /**
   * The first element. Spark: `first`.
   *
   * @throws EmptyBatchError when there is none.
   * @example batch.sortBy(({ at }) => at).first()
   */
  first(): T {
    const [first] = this.map((element) => ({ element })).take(1)
    if (!first) throw new EmptyBatchError('first')
    return first.element
  }

  /**
   * The `n` greatest, the greatest first, in the natural order or by `compare`. Spark: `top`.
   *
   * @throws TypeError for elements that have no natural order.
   * @example batch.top(10, (a, b) => a.cents - b.cents)
   */
  top(n: number, compare?: Compare<T>): T[] {
    return greatest('top', this.partitions, n, compare)
  }

  /**
   * The `n` least, the least first, in the natural order or by `compare`. Spark: `takeOrdered`.
   *
   * @throws TypeError for elements that have no natural order.
   * @example batch.takeOrdered(10, (a, b) => a.at - b.at)
   */
  takeOrdered(n: number, compare?: Compare<T>): T[] {
    return least('takeOrdered', this.partitions, n, compare)
  }

  /**
   * The greatest element, of equal ones the first. Spark: `max`.
   *
   * @throws EmptyBatchError when there is none; TypeError for elements that have no natural order.
   * @example perShop.values().max()
   */
  max(compare?: Compare<T>): T {
    return greatestOf('max', this.partitions, compare)
  }

  /**
   * The least element, of equal ones the first. Spark: `min`.
   *
   * @throws EmptyBatchError when there is none; TypeError for elements that have no natural order.
   * @example perShop.values().min()
   */
  min(compare?: Compare<T>): T {
    return leastOf('min', this.partitions, compare)
  }

  /**
   * All numbers together, `0` when there are none. Spark: `sum`.
   *
   * @example batch.map(({ cents }) => cents).sum()
   */
  sum(this: Batch<number>): number {
    return flat(this.partitions).reduce((sum, n) => sum + n, 0)
  }

  /**
   * All elements put together by `f`, which may change and return its first argument. Spark: `reduce`.
   *
   * @throws EmptyBatchError when there are none.
   * @example batch.reduce((a, b) => (a.cents > b.cents ? a : b))
   */
  reduce(f: Reduce<T>): Widen<T> {
    return reducedTo(widenedAll(this).partitions, checkFunction('reduce', f))
  }

  /**
   * As {@link reduce}, beginning with a copy of `zero` in every partition, and with one more for what partitions have come to. Spark: `fold`.
   *
   * @example perShop.values().fold(0, (a, b) => a + b)
   */
  fold(zero: Widen<T>, f: Reduce<T>): Widen<T> {
    return aggregatedTo(widenedAll(this).partitions, zero, checkFunction('fold', f), f)
  }

  /**
   * What `add` makes of elements, beginning with a copy of `zero` in every partition; `merge` puts those together, beginning with one more. Both may change and
   * return their first argument. Spark: `aggregate`.
   *
   * @example batch.aggregate(0, (sum, { cents }) => sum + cents, (a, b) => a + b)
   */
  aggregate<C>(zero: C, add: (combined: C, element: T) => C, merge: (a: C, b: C) => C): C {
    return aggregatedTo(this.partitions, zero, checkFunction('aggregate', add), checkFunction('aggregate', merge))
  }

  /**
   * How often each key comes. A key that is an object or an array is the first of equal ones. Spark: `countByKey`.
   *
   * @throws InvalidKeyError.
   * @example perShop.countByKey().get('corner shop')
   */
  countByKey<K, V>(this: BatchOfPairs<K, V>): Map<K, number> {
    return counted(this.keys().collect())
  }

  /**
   * How often each element comes; elements are compared by value. Spark: `countByValue`.
   *
   * @throws InvalidKeyError for an element that cannot be compared by value.
   * @example batch.map(({ shop }) => shop).countByValue()
   */
  countByValue(): Map<T, number> {
    return counted(flat(this.partitions))
  }

  /**
   * A map of the pairs; of one key the last value. Spark: `collectAsMap`.
   *
   * @throws InvalidKeyError.
   * @example perShop.reduceByKey((a, b) => a + b).collectAsMap()
   */
  collectAsMap<K, V>(this: BatchOfPairs<K, V>): Map<K, V> {
    return mapOf(flat(this.partitions))
  }

  /**
   * All values of a key, which is compared by value. Spark: `lookup`.
   *
   * @throws InvalidKeyError.
   * @example perShop.lookup('corner shop')
   */
  lookup<K, V>(this: BatchOfPairs<K, V>, key: K): V[] {
    const wanted = new KeyMap<true>().set(key, true)
    return flat(this.partitions).flatMap(([other, value]) => (wanted.has(other) ? [value] : []))
  }

  /**
   * Calls `f` with every element, one after the other; what returns a promise is waited for before the next. A batch is not done before what was begun here is.
   * Spark: `foreach`.
   *
   * @example
   * await batch.foreach(async ({ shop }) => {
   *   await lookUp(shop)
   * })
   */
  foreach(f: (element: T) => Promise<unknown>): Promise<void>
  foreach(f: (element: T) => unknown): void
  foreach(f: (element: T) => unknown): Promise<void> | void {
    const work = forEach(flat(this.partitions), checkFunction('foreach', f))
    if (work) return this.#effects.begin(work)
  }

  /**
   * Calls `f` once for each partition; those that return promises are under way at once. A batch is not done before what was begun here is. Spark: `foreachPartition`.
   *
   * @example
   * await batch.repartition(4).foreachPartition(async (some) => {
   *   for (const { shop } of some) await lookUp(shop)
   * })
   */
  foreachPartition(f: (elements: Iterable<T>) => Promise<unknown>): Promise<void>
  foreachPartition(f: (elements: Iterable<T>) => unknown): void
  foreachPartition(f: (elements: Iterable<T>) => unknown): Promise<void> | void {
    const work = forEachPartition(this.partitions, checkFunction('foreachPartition', f))
    if (work) return this.#effects.begin(work)
  }

  /**
   * What a statement of DuckDB's SQL makes of the batch, which is the table `batch`, and of others; a row is an object. With `returns` rows have the type that it
   * says and are held to it, without it numbers are `number`, 64-bit and larger whole numbers `bigint`, decimals their text, times `Date`, NULL `null`. Spark:
   * `SparkSession.sql`.
   *
   * @throws InvalidOptionError; SqlError, SqlColumnError, SqlMissingError
   * @example
   * const perShop = await batch.sql('select shop, sum(cents) as cents from batch group by shop order by shop', {
   *   columns: { shop: 'text', cents: 'bigint' },
   *   returns: { shop: 'text', cents: 'number' },
   * })
   */
  sql<const C extends SqlColumns>(statement: string, options: SqlOptions & SqlReturns<C>): Promise<Batch<SqlRowOf<C>>>
  sql<S extends StandardSchemaV1>(
    statement: string,
    options: SqlOptions & SqlReturns<S>,
  ): Promise<Batch<StandardSchemaV1.InferOutput<S>>>
  sql(statement: string, options?: SqlOptions): Promise<Batch<SqlRow>>
  async sql(
    statement: string,
    options: SqlOptions & Partial<SqlReturns<SqlColumns | StandardSchemaV1>> = {},
  ): Promise<Batch<unknown>> {
    // At the first statement only, and in no bundle of a job that has none (serverless/bundle.ts).
    const { runSql } = await import('../sql/run.ts')
    const rows = await runSql({ id: this.id, elements: this, statement, options })
    return new Batch<unknown>(this, () => [rows], this.#effects)
  }

  /**
   * How many partitions there are. Spark: `getNumPartitions`.
   *
   * @example batch.getNumPartitions()
   */
  getNumPartitions(): number {
    return this.partitions.length
  }

  /**
   * This batch: what was worked out is kept in any case, as long as somebody holds the batch. Spark: `cache`.
   *
   * @example const some = batch.filter(({ cents }) => cents > 0).cache()
   */
  cache(): this {
    return this
  }
}

/** Literal types grow to what arithmetic on them gives. */
function widened<K, V>(pairs: BatchOfPairs<K, V>): Batch<readonly [K, Widen<V>]>
function widened(pairs: Batch<unknown>): Batch<unknown> {
  return pairs
}

function widenedAll<T>(batch: Batch<T>): Batch<Widen<T>>
function widenedAll(batch: Batch<unknown>): Batch<unknown> {
  return batch
}

function widening<V, C>(create: (value: V) => C): (value: V) => Widen<C>
function widening(create: unknown): unknown {
  return create
}

/** One partition, of what is no batch. */
function partitionsOf<T>(side: Side<T>): Partitions<T> {
  return side instanceof Batch ? side.partitions : [[...side]]
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
