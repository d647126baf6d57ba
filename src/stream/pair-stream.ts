// The vocabulary, third part: streams of pairs, reduced and grouped by key. Definitions follow org.apache.spark.streaming.dstream.PairDStreamFunctions.

import { InvalidOptionError } from '../errors/errors.ts'
import { partBefore } from '../graph/identity.ts'
import type { NewPartitions } from '../graph/nodes.ts'
import { checkOneTopic } from '../graph/partitioning.ts'
import { addCounts } from '../graph/wide-nodes.ts'
import type { Duration } from '../options/duration.ts'
import { checkChoice, checkFunction, checkKnownOptions } from '../options/options.ts'
import {
  VERSION_OPTIONS,
  type VersionOptions,
  valueVersion,
  versionOfLists,
  versionOfPairs,
} from '../options/state-version.ts'
import type { DStream } from './dstream.ts'
import type { Sync } from './sync.ts'
import { type ShuffleOptions, shuffle, type Widen, WindowedStream } from './windowed-stream.ts'

type Pairs<K, V> = DStream<readonly [K, V]>
type Reduce<V> = (a: Widen<V>, b: Widen<V>) => Widen<V>

/** Options of {@link PairStream.reduceByKeyAndWindow} with an inverse. */
export interface WindowReduceOptions<K, V> extends ShuffleOptions, VersionOptions<V> {
  /** Keeps a key only while this holds of its `[key, value]`; without it keys stay for ever, with neutral values. */
  readonly filter?: (pair: readonly [K, V]) => boolean
}

/** Options of {@link PairStream.preservesPartitioning}. */
export interface PartitioningOptions {
  /**
   * What to do when the topic has more partitions than when state began. `fail` (default): an error, because Kafka's
   * partitioners move keys then, away from their state. `join`: keys stay where they are, so a new partition just joins.
   */
  readonly newPartitions?: NewPartitions
}

/** Options of operators that combine or reduce values `V` by key. */
export interface CombineOptions<V> extends ShuffleOptions, VersionOptions<NoInfer<V>> {}

export abstract class PairStream<T> extends WindowedStream<T> {
  /**
   * Says that Kafka partitions this stream by these keys already: all pairs of one key are in one partition of the one topic
   * that the stream comes from. Operators by key then need no shuffle: they run in the partition's own task, their state in
   * its commits, and a batch closes by the partition's own frontier. Not checked: pairs of a key in two partitions are two keys.
   *
   * Holds through `filter`, `mapValues`, `flatMapValues` and operators by key, until keys may change or `numPartitions` or
   * initial state asks for buckets; the next operator by key shuffles then. Spark: `preservesPartitioning` of `mapPartitions`.
   *
   * @throws InvalidOptionError for a stream of several topics, or after a shuffle.
   * @example kafka('orders', { value: json() }).map((r) => [r.key, r.value] as const).preservesPartitioning()
   */
  preservesPartitioning<K, V>(this: Pairs<K, V>, options: PartitioningOptions = {}): DStream<readonly [K, V]> {
    const operator = 'preservesPartitioning'
    checkKnownOptions(operator, options, ['newPartitions'])
    const newPartitions = checkChoice(`${operator}, newPartitions`, options.newPartitions, ['fail', 'join'])
    checkOneTopic(operator, this.node)
    return this.derive<readonly [K, V]>({ kind: operator, input: this.node, newPartitions })
  }

  /** Applies `f` to the values of pairs. Spark: `mapValues`. */
  mapValues<K, V, U>(this: Pairs<K, V>, f: (value: V) => U & Sync<U>): DStream<[K, U]> {
    checkFunction('mapValues', f)
    const apply = ([key, value]: readonly [K, V]): unknown => {
      const result = f(value)
      return result instanceof Promise ? result : [key, result] // a promise is refused where it can be seen
    }
    return this.derive<[K, U]>({ kind: 'map', input: this.node, keepsKeys: true, apply })
  }

  /** Applies `f` to the values of pairs and flattens what it returns. Spark: `flatMapValues`. */
  flatMapValues<K, V, U>(this: Pairs<K, V>, f: (value: V) => Iterable<U>): DStream<[K, U]> {
    checkFunction('flatMapValues', f)
    const apply = ([key, value]: readonly [K, V]) => {
      const results = f(value)
      return isIterable(results) ? Array.from(results, (result): [K, U] => [key, result]) : results
    }
    return this.derive<[K, U]>({ kind: 'flatMap', input: this.node, keepsKeys: true, apply })
  }

  /** One pair per key and batch, its values put together by `f`, on the side of the source first. Spark: `reduceByKey`. */
  reduceByKey<K, V>(this: Pairs<K, V>, f: Reduce<V>, options: CombineOptions<Widen<V>> = {}): DStream<[K, Widen<V>]> {
    return this.derive<[K, Widen<V>]>({
      kind: 'combineByKey',
      input: this.node,
      ...shuffle('reduceByKey', options, VERSION_OPTIONS),
      values: valueVersion('reduceByKey', options),
      ...reducing(checkFunction('reduceByKey', f)),
    })
  }

  /** One pair per key and batch: the key and all of its values. Spark: `groupByKey`. */
  groupByKey<K, V>(this: Pairs<K, V>, options: CombineOptions<V> = {}): DStream<[K, V[]]> {
    return this.derive<[K, V[]]>({
      kind: 'combineByKey',
      input: this.node,
      ...shuffle('groupByKey', options, VERSION_OPTIONS),
      values: versionOfLists(valueVersion('groupByKey', options)),
      ...grouping<V>(),
    })
  }

  /** One pair per key and batch, combined in the general way. Spark: `combineByKey`. */
  combineByKey<K, V, C>(
    this: Pairs<K, V>,
    create: (value: V) => C & Sync<C>,
    mergeValue: (combined: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    options: CombineOptions<C> = {},
  ): DStream<[K, C]> {
    return this.derive<[K, C]>({
      kind: 'combineByKey',
      input: this.node,
      ...shuffle('combineByKey', options, VERSION_OPTIONS),
      values: valueVersion('combineByKey', options),
      makes: 'combiners',
      create: checkFunction('combineByKey', create),
      mergeValue: checkFunction('combineByKey', mergeValue),
      mergeCombiners: checkFunction('combineByKey', mergeCombiners),
    })
  }

  /** Per key the values of every window. Spark: `groupByKeyAndWindow`. */
  groupByKeyAndWindow<K, V>(
    this: Pairs<K, V>,
    window: Duration,
    slide: Duration = this.slide,
    options: CombineOptions<V> = {},
  ): DStream<[K, V[]]> {
    const operator = 'groupByKeyAndWindow'
    const spans = this.checkWindow(operator, window, slide)
    const { numPartitions, ...identity } = shuffle(operator, options, VERSION_OPTIONS)
    const values = versionOfLists(valueVersion(operator, options))
    const part = { numPartitions, ...partBefore(identity, 'group'), values }
    const { node } = this.derive<[K, V[]]>({
      kind: 'combineByKey',
      input: this.node,
      ...part,
      ...grouping<V>(),
    }).windowOver(spans, identity, versionOfPairs(values))
    const how = { ...grouping<V>(), create: (some: V[]) => some, mergeValue: concat }
    return this.derive<[K, V[]]>(
      { kind: 'combineByKey', input: node, numPartitions, id: undefined, values, ...how },
      spans.slide,
    )
  }

  /**
   * Reduces the values of every key over windows. With an inverse incrementally: what enters is added, what leaves is
   * taken off, and keys stay with a neutral value unless `filter` drops them. Spark: `reduceByKeyAndWindow`.
   *
   * @example pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '20s', '10s')
   */
  reduceByKeyAndWindow<K, V>(
    this: Pairs<K, V>,
    f: Reduce<V>,
    window: Duration,
    slide?: Duration,
    options?: CombineOptions<Widen<V>>,
  ): DStream<[K, Widen<V>]>
  reduceByKeyAndWindow<K, V>(
    this: Pairs<K, V>,
    f: Reduce<V>,
    inverse: Reduce<V>,
    window: Duration,
    slide?: Duration,
    options?: WindowReduceOptions<K, Widen<V>>,
  ): DStream<[K, Widen<V>]>
  reduceByKeyAndWindow<K, V>(
    this: Pairs<K, V>,
    f: Reduce<V>,
    second: Reduce<V> | Duration,
    third?: Duration,
    fourth?: Duration | CombineOptions<Widen<V>>,
    fifth?: WindowReduceOptions<K, Widen<V>>,
  ): DStream<[K, Widen<V>]> {
    const operator = 'reduceByKeyAndWindow'
    if (typeof second !== 'function') {
      const options = typeof fourth === 'object' ? fourth : {}
      const spans = this.checkWindow(operator, second, third ?? this.slide)
      const { numPartitions, ...identity } = shuffle(operator, options, VERSION_OPTIONS)
      const values = valueVersion(operator, options)
      const how = { kind: 'combineByKey', numPartitions, values, ...reducing(checkFunction(operator, f)) } as const
      const { node } = this.derive<[K, Widen<V>]>({
        ...how,
        input: this.node,
        ...partBefore(identity, 'reduce'),
      }).windowOver(spans, identity, versionOfPairs(values))
      return this.derive<[K, Widen<V>]>({ ...how, input: node, id: undefined }, spans.slide)
    }
    if (third === undefined || typeof fourth === 'object') {
      throw new InvalidOptionError(`${operator}: with an inverse, give (reduce, inverse, window, slide, options).`)
    }
    const options = fifth ?? {}
    const spans = this.checkWindow(operator, third, fourth ?? this.slide)
    const { numPartitions, ...identity } = shuffle(operator, options, ['filter', ...VERSION_OPTIONS])
    const [{ filter }, values] = [options, valueVersion(operator, options)]
    const reduced = this.derive<[K, Widen<V>]>({
      kind: 'combineByKey',
      input: this.node,
      numPartitions,
      ...partBefore(identity, 'reduce'),
      values,
      ...reducing(checkFunction(operator, f)),
    })
    return this.derive<[K, Widen<V>]>(
      {
        kind: 'inverseWindow',
        input: reduced.node,
        ...spans,
        numPartitions,
        ...identity,
        values,
        reduce: f,
        invReduce: checkFunction(operator, second),
        filter: filter && { test: checkFunction(operator, filter) },
      },
      spans.slide,
    )
  }
}

function reducing<V>(merge: Reduce<V>) {
  const made = Object.is(merge, addCounts) ? ({ makes: 'counts' } as const) : {}
  return { ...made, create: (value: Widen<V>) => value, mergeValue: merge, mergeCombiners: merge }
}

function grouping<V>() {
  const mergeValue = (values: V[], value: V): V[] => {
    values.push(value)
    return values
  }
  const how = { create: (value: V): V[] => [value], mergeValue, mergeCombiners: concat<V> }
  return { changesNothing: true, makes: 'lists', ...how } as const
}

/** For what got past the compiler: `Array.from` makes an empty list of a promise. */
function isIterable(results: unknown): boolean {
  return typeof results === 'string' || (typeof results === 'object' && results !== null && Symbol.iterator in results)
}

function concat<V>(a: V[], b: V[]): V[] {
  return a.concat(b)
}
