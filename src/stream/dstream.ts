// The vocabulary: every method makes a node that holds an operator, or two or three of them; what an operator means stands in its
// own file. Definitions follow org.apache.spark.streaming.dstream.DStream and PairDStreamFunctions.

import type { Batch } from '../batch/batch.ts'
import type { Compare } from '../batch/order.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import type { CsvOptions } from '../formats/encode.ts'
import { madeBy, type OutputNode, operatorNode, type StreamNode } from '../graph/nodes.ts'
import { checkOneTopic } from '../graph/partitioning.ts'
import { addCounts } from '../operators/accumulators.ts'
import { checkSpans } from '../operators/batch-times.ts'
import { type BroadcastOptions, broadcast, withBroadcast } from '../operators/broadcast.ts'
import { cogroup } from '../operators/cogroup.ts'
import { combineByKey, groupByKey, reduceByKey } from '../operators/combine-by-key.ts'
import { distinct } from '../operators/distinct.ts'
import type { EventTime } from '../operators/event-time/stamp.ts'
import { filter } from '../operators/filter.ts'
import { flatMap, flatMapValues } from '../operators/flat-map.ts'
import { count, reduce } from '../operators/fold.ts'
import { foreachRDD } from '../operators/foreach-rdd.ts'
import { map, mapValues } from '../operators/map.ts'
import { type MapAsyncOptions, mapAsync } from '../operators/map-async.ts'
import { mapPartitions } from '../operators/map-partitions.ts'
import { mapWithState, stateSnapshots } from '../operators/map-with-state.ts'
import type { Asked, Operator } from '../operators/operator.ts'
import { type PartitioningOptions, preservesPartitioning } from '../operators/preserves-partitioning.ts'
import { repartition } from '../operators/repartition.ts'
import type { MapWithStateOptions, StateSpec } from '../operators/state-spec.ts'
import {
  type Order,
  type OrderOptions,
  type StreamSortOptions,
  sorting,
  take,
  takeOrdered,
  takeSorted,
  top,
} from '../operators/take.ts'
import { type TopOptions, topByKey } from '../operators/top-by-key.ts'
import { type Transformed, transform, transformWith } from '../operators/transform.ts'
import { union } from '../operators/union.ts'
import type {
  GroupsUpdate,
  KeyUpdate,
  TimedUpdate,
  UpdateOfOtherState,
  UpdateOptions,
} from '../operators/update-shapes.ts'
import { updateStateByKey } from '../operators/update-state-by-key.ts'
import { type WindowOptions, window } from '../operators/window.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import type { IdentityOptions } from '../options/identity.ts'
import type { Inferred } from '../options/inferred.ts'
import { checkFunction } from '../options/options.ts'
import { type CombineOptions, identified, type ShuffleOptions } from '../options/shuffle.ts'
import type { Sync } from '../options/sync.ts'
import type { Reduce, Widen } from '../options/widen.ts'
import { AFTER_COMMIT } from '../sinks/after-commit.ts'
import { printed } from '../sinks/console.ts'
import { type CsvFileOptions, csvFiles, ndjsonFiles, textFiles } from '../sinks/files/files.ts'
import { calls, type ForeachPartitionOptions, type PartitionContext } from '../sinks/foreach-partition.ts'
import type { Sink } from '../sinks/sink.ts'
import { printedTable, type TableOptions } from '../sinks/table.ts'
import type { KafkaRecord } from '../sources/kafka/record.ts'
import { Broadcast, type Load } from './broadcast.ts'
import { type EventStream, timed, type WatermarkOptions, watermarked } from './event-stream.ts'
import { fullOuter, inner, leftOuter, rightOuter } from './joins.ts'
import {
  groupByKeyAndWindow,
  orderOfArguments,
  reduceByKeyAndWindow,
  reduceByKeyAndWindowInverse,
  reduceByWindow,
  reduceByWindowInverse,
  type WindowReduceOptions,
} from './windows.ts'

/** Where a stream registers its outputs: the job that is being defined. */
export interface OutputRegistry {
  /** The job's batch interval, milliseconds. */
  readonly batch: number
  add(output: OutputNode): void
}
/** The options of `saveAsCsvFiles` for elements of type `T`: those that do not say themselves which columns they have need `columns`. */
export type CsvArguments<T> =
  false extends HasColumns<T>
    ? [options: CsvFileOptions & Required<Pick<CsvOptions, 'columns'>>]
    : [options?: CsvFileOptions]

type HasColumns<T> = T extends
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | KafkaRecord<unknown, unknown>
  ? true
  : T extends readonly unknown[]
    ? number extends T['length']
      ? false
      : true
    : false

/** The name that the compiler shows when a stream has no keys. */
type StreamOfPairs<K, V> = DStream<readonly [K, V]>
type Reads = { readonly node: StreamNode }

/**
 * A stream of elements of type `T`, cut into batches by time. Immutable: operators return new streams and run nothing.
 * Semantics follow Spark's `org.apache.spark.streaming.dstream.DStream`; on pairs `[K, V]` also `PairDStreamFunctions`.
 *
 * Functions that are given to operators are synchronous, but for `mapAsync`, and change nothing that they are given but the first argument of a
 * combining function. What one throws on a record makes that a poison one (`onPoison`); on a closed batch it is a `BatchFailedError`.
 *
 * @example
 * function perShop(stream: DStream<Order>): DStream<[shop: string, cents: number]> {
 *   return stream.map(({ shop, cents }): [string, number] => [shop, cents]).reduceByKey((a, b) => a + b)
 * }
 */
export class DStream<out T> {
  /** @internal */
  readonly node: StreamNode
  /** @internal */
  readonly registry: OutputRegistry
  /** @internal How often the stream has a batch, milliseconds: a multiple of the batch interval. */
  readonly slide: number

  /** @internal Streams come from sources and operators. */
  constructor(node: StreamNode, registry: OutputRegistry, slide = registry.batch) {
    this.node = node
    this.registry = registry
    this.slide = slide
  }

  /** @internal The stream that an operator makes of this one and others. */
  derive<U>(asked: Operator | Asked, ...others: readonly Reads[]): DStream<U> {
    return new DStream<U>(...this.#after(asked, others))
  }

  /** @internal The stream that several operators make, each of the one before. */
  through<U>(chain: readonly Asked[]): DStream<U> {
    const last = chain.reduce<DStream<unknown>>((stream, asked) => stream.derive(asked), this)
    return new DStream<U>(last.node, last.registry, last.slide)
  }

  #after(asked: Operator | Asked, others: readonly Reads[] = []): [StreamNode, OutputRegistry, number] {
    const {
      operator,
      id,
      formerly,
      numPartitions,
      slide = this.slide,
    }: Asked = 'operator' in asked ? asked : { operator: asked }
    const inputs = [this.node, ...others.map(({ node }) => node)]
    return [operatorNode(operator, { inputs, slide, id, formerly, numPartitions }), this.registry, slide]
  }

  /**
   * Applies `f` to every element. Spark: `DStream.map`.
   *
   * @throws InvalidOptionError when `f` is no function; one that returns a promise is an `UnsavableValueError` of its record: use {@link mapAsync}.
   * @example words.map((word) => word.toLowerCase())
   */
  map<U extends Inferred>(f: (element: T) => U & Sync<U>): DStream<U> {
    return this.derive(map(f))
  }

  /**
   * Keeps the elements for which `f` is true; a type guard narrows the type. Spark: `DStream.filter`.
   *
   * @example numbers.filter((n) => n >= 0)
   */
  filter<U extends T>(f: (element: T) => element is U): DStream<U>
  filter(f: (element: T) => boolean): DStream<T>
  filter(f: (element: T) => boolean): DStream<T> {
    return this.derive(filter(f))
  }

  /**
   * Applies `f` to every element and flattens what it returns, by one level. Spark: `DStream.flatMap`.
   *
   * @example lines.flatMap(({ value }) => value.split(' '))
   */
  flatMap<U extends Inferred>(f: (element: T) => Iterable<U>): DStream<U> {
    return this.derive(flatMap(f))
  }

  /**
   * Applies `f` once to the elements that one micro-batch of one partition has for one batch time. How records are cut
   * into micro-batches shows here, as in Spark's `DStream.mapPartitions` the partitioning does.
   *
   * @throws OperatorError when `f` throws on the elements together, and on none of their records alone.
   * @example
   * orders.mapPartitions(function* (some) {
   *   const format = new Intl.NumberFormat('en') // once, and not per element
   *   for (const { cents } of some) yield format.format(cents / 100)
   * })
   */
  mapPartitions<U extends Inferred>(f: (elements: Iterable<T>) => Iterable<U>): DStream<U> {
    return this.derive(mapPartitions(f))
  }

  /**
   * One array per batch and partition, with its elements. How records are cut into micro-batches shows here. Spark: `glom`.
   *
   * @example numbers.glom().map((some) => Math.max(...some))
   */
  glom(): DStream<T[]> {
    return this.mapPartitions((elements) => [[...elements]])
  }

  /**
   * Applies an asynchronous `f` to every element, `concurrency` calls at a time; results keep the order of the elements.
   * A call may be repeated when its micro-batch is retried: what `f` does elsewhere is at least once (I6 covers only what
   * is published). Not in Spark, where a task would block.
   *
   * A call that fails because something is away fails the micro-batch, which is delivered again ({@link MapAsyncOptions.transient});
   * so does one after the other when all records of a micro-batch, and more than one, fail alike, for up to `waitForFailed`.
   *
   * @throws TransientFailureError (the invocation) while something is away.
   * @example orders.mapAsync(async (order) => ({ ...order, about: await lookUp(order.shop) }), { concurrency: 16 })
   */
  mapAsync<U extends Inferred>(f: (element: T) => Promise<U>, options: MapAsyncOptions = {}): DStream<U> {
    return this.derive(mapAsync(f, options))
  }

  /**
   * All elements of this stream and of the others, of the same job and slide. Spark: `DStream.union`.
   *
   * @throws InvalidOptionError for streams of different jobs or slides.
   * @example words.union(lines.map(({ value }) => value))
   */
  union(...others: readonly DStream<T>[]): DStream<T> {
    checkTogether('union', this, ...others)
    return this.derive(union, ...others)
  }

  /**
   * The same elements, spread evenly over `numPartitions` buckets (1 to 10,000), each of which works by itself. Spark: `repartition`.
   *
   * @throws InvalidOptionError for a number that is none of these.
   * @example words.repartition(8).mapPartitions((some) => [[...some].length])
   */
  repartition(numPartitions: number, options: IdentityOptions = {}): DStream<T> {
    return this.derive(repartition(numPartitions, options))
  }

  /**
   * One element per batch: all of its elements put together by `f`; none for an empty batch. `f` is associative and commutative, and may change and
   * return its first argument. Spark: `reduce`.
   *
   * @example numbers.reduce((a, b) => Math.max(a, b))
   */
  reduce(f: Reduce<T>, options: IdentityOptions = {}): DStream<Widen<T>> {
    return this.derive(reduce(f, options))
  }

  /**
   * One element per batch: how many elements it has, `0` for an empty one. Spark: `count`.
   *
   * @example words.count().print()
   */
  count(options: IdentityOptions = {}): DStream<number> {
    return this.derive(count(options))
  }

  /**
   * How often each value occurs in a batch, as pairs; values are compared by value. Spark: `countByValue`.
   *
   * @throws InvalidKeyError (of a record, by policy `onPoison`) for a value that cannot be a key.
   * @example words.countByValue().filter(([, count]) => count > 1)
   */
  countByValue(options: ShuffleOptions = {}): DStream<[T, number]> {
    return this.map((element): [T, number] => [element, 1]).reduceByKey<T, number>(addCounts, options)
  }

  /**
   * Each element of a batch once; elements are compared by value, and `undefined` is none. In no order. Spark: `RDD.distinct`, by
   * `transform`.
   *
   * @example words.distinct().count()
   */
  distinct(options: ShuffleOptions = {}): DStream<T> {
    return this.map((element): [T, null] => [element, null]).derive(distinct(options))
  }

  /**
   * The first `n` elements of every batch, or as many as there are, in the order of partitions and offsets. No task sends more than `n` of
   * a micro-batch. Spark: `RDD.take`, by `transform`.
   *
   * @throws InvalidOptionError unless `n` is a whole number of at least 1; so do the others that take an `n`.
   * @example orders.filter(({ cents }) => cents > 100_000).take(5).print()
   */
  take(n: number, options: IdentityOptions = {}): DStream<T> {
    return this.derive(take(n, options))
  }

  /**
   * The first element of every batch, none for an empty one: `take(1)`. Spark: `RDD.first`, which is an error for an empty RDD.
   *
   * @example orders.sortBy(({ cents }) => cents, { ascending: false }).first()
   */
  first(options: IdentityOptions = {}): DStream<T> {
    return this.take(1, options)
  }

  /**
   * Whether a batch has no elements, one boolean per batch; only numbers travel. An empty batch is seen as {@link count} sees it. Spark: `RDD.isEmpty`.
   *
   * @example orders.isEmpty().filter((isEmpty) => isEmpty).print()
   */
  isEmpty(options: IdentityOptions = {}): DStream<boolean> {
    return this.count(options).map((count) => count === 0)
  }

  /**
   * The `n` greatest elements of every batch, the greatest first, in the natural order or by `compare`; of equal ones those that stand first by partition and
   * offset. No task sends more than `n` of a micro-batch, where `transform((batch) => batch.top(n))` has all of them travel. Spark: `RDD.top`.
   *
   * @throws InvalidOptionError; TypeError for elements without an order: that of a single element makes its record a poison one.
   * @example byShop.reduceByKey((a, b) => a + b).top(10, (a, b) => a[1] - b[1])
   */
  top(n: number, order: Compare<T> | OrderOptions<T> = {}): DStream<T> {
    return this.derive(top(n, order))
  }

  /**
   * As {@link top} the `n` least, the least first. Spark: `RDD.takeOrdered`.
   *
   * @example numbers.takeOrdered(3).print()
   */
  takeOrdered(n: number, order: Compare<T> | OrderOptions<T> = {}): DStream<T> {
    return this.derive(takeOrdered(n, order))
  }

  /**
   * Every batch sorted by what `keyOf` gives, in the natural order or by `compare`; equal ones stay in the order of partitions and offsets. All elements travel
   * to one place, unless no more is asked for than the first of them: `take(n)`, `first()`, `print()` and `printTable()` of a sorted stream have `n` per task
   * and micro-batch travel. Spark: `RDD.sortBy`, by `transform`.
   *
   * @throws InvalidOptionError; TypeError for keys without an order: that of a single element makes its record a poison one.
   * @example orders.sortBy(({ cents }) => cents, { ascending: false }).take(10)
   */
  sortBy<K>(keyOf: (element: T) => K, options: StreamSortOptions<K> = {}): SortedStream<T> {
    const [order, asked] = sorting('sortBy', keyOf, options)
    return new SortedStream<T>(this, order, ...this.#after(asked))
  }

  /**
   * Pairs sorted by key, as {@link sortBy}. Spark: `sortByKey`.
   *
   * @example byShop.reduceByKey((a, b) => a + b).sortByKey().saveAsTextFiles('s3://results/shops')
   */
  sortByKey<K, V>(this: StreamOfPairs<K, V>, options: StreamSortOptions<K> = {}): SortedStream<readonly [K, V]> {
    const [order, asked] = sorting('sortByKey', ([key]: readonly [K, V]) => key, options)
    return new SortedStream<readonly [K, V]>(this, order, ...this.#after(asked))
  }

  /**
   * What `f` makes of each closed batch as a whole: a batch or anything that has elements. `f` runs once per closed batch, in one place, with all of
   * its elements, before the commit that holds what it gives; it may be async, and may be tried again (only what is committed is published). Its
   * second argument is the batch time. It runs for a batch without elements when other streams have some, and always with `idle: 'run'`. Spark: `transform`.
   *
   * @throws NoBatchError when `f` gives back nothing; BatchFailedError (by policy `onPoison`) when it throws.
   * @example
   * const blocked = new Map([['corner shop', true]])
   * byShop.transform((batch) => batch.leftOuterJoin(blocked).filter(([, [, isBlocked]]) => !isBlocked).mapValues(([cents]) => cents))
   * orders.transform((batch) => batch.sortBy(({ cents }) => cents, { ascending: false }).take(10)).print()
   */
  transform<U extends Inferred>(
    f: (batch: Batch<T>, time: number) => Transformed<U>,
    options: IdentityOptions = {},
  ): DStream<U> {
    return this.derive(transform(f, options))
  }

  /**
   * As {@link transform}, of the batches that two streams have at one time. Of more than two: the function `transform`. Spark: `transformWith`.
   *
   * @throws InvalidOptionError for streams of different slides; NoBatchError, BatchFailedError as `transform`.
   * @example byShop.transformWith(shops, (batch, about) => batch.join(about).mapValues(([cents, { country }]) => ({ cents, country })))
   */
  transformWith<W, U extends Inferred>(
    other: DStream<W>,
    f: (batch: Batch<T>, other: Batch<W>, time: number) => Transformed<U>,
    options: IdentityOptions = {},
  ): DStream<U> {
    checkTogether('transformWith', this, other)
    return this.derive(transformWith(f, options), other)
  }

  /**
   * A side input for every batch of this stream: what `load` gives, once per batch, or as long as it serves. It is committed before any function sees it, so
   * all that read it by {@link withBroadcast} see the same for T, and a retry sees what was committed, however the world has changed. `load` may be async and
   * may be called again when its batch is tried again before that; as long as it throws, T is not closed. What it gives must be a value: a Set, a Map, an object.
   * Spark: `SparkContext.broadcast`, by hand for every batch.
   *
   * @throws InvalidOptionError; UnsavableValueError for what is no value; BatchFailedError when `load` throws.
   * @example
   * declare const list: { read(): Promise<readonly string[]> }
   * const blocked = byShop.broadcast(async () => new Set(await list.read()), { refresh: '5m' })
   * byShop.withBroadcast(blocked, (batch, shops) => batch.filter(([shop]) => !shops.has(shop)))
   */
  broadcast<V>(load: Load<V>, options: BroadcastOptions = {}): Broadcast<V> {
    checkFunction('broadcast', load)
    return new Broadcast<V>(load, ...this.#after(broadcast({ load }, options)))
  }

  /**
   * As {@link transform}, of each batch and the value that a {@link broadcast} has for it. The value is a copy, and nobody else's.
   *
   * @throws InvalidOptionError for a broadcast of another job or slide; NoBroadcastError; NoBatchError, BatchFailedError as `transform`.
   * @example
   * const rates = byShop.broadcast(async () => new Map([['corner shop', 1.1]]), { refresh: '1h' })
   * byShop.withBroadcast(rates, (batch, rate) => batch.map(([shop, cents]) => cents * (rate.get(shop) ?? 1)))
   */
  withBroadcast<V, U extends Inferred>(
    broadcast: Broadcast<V>,
    f: (batch: Batch<T>, value: V, time: number) => Transformed<U>,
    options: IdentityOptions = {},
  ): DStream<U> {
    checkTogether('withBroadcast', this, broadcast)
    return this.derive(withBroadcast(f, options), broadcast)
  }

  /**
   * The stream with the time at which each element happened, and a watermark: no element that happened `delay` before the latest is waited for.
   * What `at` gives is milliseconds, a Date, or null for an element without a time. Spark: `Dataset.withWatermark`.
   *
   * @throws InvalidOptionError; a time that is none makes its record a poison one.
   * @example orders.withWatermark(({ at }) => at, '10s').groupBy({ key: ({ shop }) => shop, window: tumbling('1m') }).count()
   */
  withWatermark(at: EventTime<T>, delay: Duration, options: WatermarkOptions = {}): EventStream<T> {
    return watermarked(this, at, delay, options)
  }

  /**
   * The same without a watermark: nothing is late and nothing ever final, so that state is kept for ever. Spark: a streaming `Dataset` of which
   * nobody has said `withWatermark`.
   *
   * @example orders.withEventTime(({ at }) => at).groupBy({ window: tumbling('1m') }).count({ mode: 'complete' })
   */
  withEventTime(at: EventTime<T> = () => null): EventStream<T> {
    return timed(this, at)
  }

  /**
   * This stream: a stream that several others use is worked out once per batch in any case, and nothing is worked out later. Spark: `cache`.
   *
   * @example const some = orders.filter(({ cents }) => cents > 0).cache()
   */
  cache(): this {
    return this
  }

  /**
   * This stream, as {@link cache}: elements are kept nowhere but in commits, so there is no level to choose. Spark: `persist`.
   *
   * @example orders.persist()
   */
  persist(): this {
    return this
  }

  /**
   * This stream: every commit is a checkpoint, so there is none to ask for and no interval to choose. Spark: `checkpoint`.
   *
   * @throws InvalidOptionError for what is no duration.
   * @example byShop.reduceByKey((a, b) => a + b).checkpoint('10s')
   */
  checkpoint(interval?: Duration): this {
    if (interval !== undefined) toMillis('checkpoint', interval)
    return this
  }

  /**
   * This stream: batches are not kept in memory for anybody to ask for. How long commits can be looked up is the job's `retention`, and a
   * span of batches is a {@link window}. Spark: `remember` of the streaming context, which tells its streams.
   *
   * @throws InvalidOptionError for what is no duration.
   * @example orders.remember('5m')
   */
  remember(span: Duration): this {
    toMillis('remember', span)
    return this
  }

  /**
   * Refused: a definition has no batches to hand out, and no context lives beside it that could be asked. Use {@link window} for the batches of
   * a span of time; what was published for every T is at its output. Spark: `slice`.
   *
   * @throws InvalidOptionError always.
   * @example orders.window('10m').transform((lately) => lately.sortBy(({ at }) => at))
   */
  slice(_from: number, _to: number): never {
    throw new InvalidOptionError(
      'slice: a definition has no batches to hand out. Use window(span) for the elements of several batches, or read what outputs have published.',
    )
  }

  /**
   * At every multiple of `slide` the elements of all batches in (T - window, T]; the first windows are partial. Keeps the elements of a window as
   * state: a reduction over it keeps less. Spark: `window`.
   *
   * @param slide default: this stream's own, which of a source is the batch interval.
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example orders.window('10m', '1m').map(({ shop }) => shop).countByValue()
   */
  window(over: Duration, slide: Duration = this.slide, options: WindowOptions<T> = {}): DStream<T> {
    return this.derive(
      window({ spans: checkSpans('window', over, slide, this.slide), made: madeBy(this.node) }, options),
    )
  }

  /**
   * Reduces every window to one element; with an inverse incrementally: what enters is added, what leaves is taken off. `f` is associative and
   * commutative, and `inverse(f(a, b), b)` is `a`. Spark: `reduceByWindow`.
   *
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example
   * numbers.reduceByWindow((a, b) => Math.max(a, b), '1m', '10s')
   * numbers.reduceByWindow((a, b) => a + b, (sum, gone) => sum - gone, '1m', '10s', { id: 'sum-of-a-minute' })
   */
  reduceByWindow(f: Reduce<T>, window: Duration, slide: Duration, options?: WindowOptions<Widen<T>>): DStream<Widen<T>>
  reduceByWindow(
    f: Reduce<T>,
    inverse: Reduce<T>,
    window: Duration,
    slide: Duration,
    options?: WindowOptions<Widen<T>>,
  ): DStream<Widen<T>>
  reduceByWindow(
    f: Reduce<T>,
    second: Reduce<T> | Duration,
    third: Duration,
    fourth?: Duration | WindowOptions<Widen<T>>,
    options: WindowOptions<Widen<T>> = {},
  ): DStream<Widen<T>> {
    const last = typeof fourth === 'object' ? fourth : {}
    if (typeof second !== 'function') return this.through(reduceByWindow(f, [second, third], this.slide, last))
    if (typeof fourth === 'object') throw orderOfArguments('reduceByWindow')
    return this.through(reduceByWindowInverse(f, second, [third, fourth], this.slide, options))
  }

  /**
   * How many elements every window has; what is kept is a number. Spark: `countByWindow`.
   *
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example words.countByWindow('1m', '10s').print()
   */
  countByWindow(window: Duration, slide: Duration, options: IdentityOptions = {}): DStream<number> {
    identified('countByWindow', options)
    checkSpans('countByWindow', window, slide, this.slide)
    return this.map(() => 1).reduceByWindow(addCounts, (a, b) => a - b, window, slide, options)
  }

  /**
   * How often each value occurs in every window, as pairs; a value that does not occur any more is forgotten. Spark: `countByValueAndWindow`.
   *
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example words.countByValueAndWindow('1m', '10s', { id: 'words-of-a-minute' })
   */
  countByValueAndWindow(window: Duration, slide: Duration, options: ShuffleOptions = {}): DStream<[T, number]> {
    const filter = ([, count]: readonly [T, number]): boolean => count !== 0
    checkSpans('countByValueAndWindow', window, slide, this.slide)
    return this.map((element): [T, number] => [element, 1]) //
      .reduceByKeyAndWindow<T, number>(addCounts, (a, b) => a - b, window, slide, { ...options, filter })
  }

  /**
   * Says that Kafka partitions this stream by these keys already: all pairs of one key are in one partition of the one topic
   * that the stream comes from. Operators by key then need no shuffle: they run in the partition's own task, their state in
   * its commits, and a batch closes by the partition's own frontier. Not checked: pairs of a key in two partitions are two keys.
   *
   * Holds through `filter`, `mapValues`, `flatMapValues` and operators by key, until keys may change or `numPartitions` or
   * initial state asks for buckets; the next operator by key shuffles then. Spark: `preservesPartitioning` of `mapPartitions`.
   *
   * @throws InvalidOptionError for a stream of several topics, or after a shuffle.
   * @example
   * const keyed = kafka('orders', { value: json<Order>() }).map((r) => [r.key, r.value.cents] as const)
   * keyed.preservesPartitioning().reduceByKey((a, b) => a + b)
   */
  preservesPartitioning<K, V>(this: StreamOfPairs<K, V>, options: PartitioningOptions = {}): DStream<readonly [K, V]> {
    const operator = preservesPartitioning(options)
    checkOneTopic(operator.kind, this.node)
    return this.derive(operator)
  }

  /**
   * Applies `f` to the values of pairs; keys stay, and so does their place ({@link preservesPartitioning}). Spark: `mapValues`.
   *
   * @example byShop.mapValues((cents) => cents / 100)
   */
  mapValues<K, V, U extends Inferred>(this: StreamOfPairs<K, V>, f: (value: V) => U & Sync<U>): DStream<[K, U]> {
    return this.derive(mapValues(f))
  }

  /**
   * Applies `f` to the values of pairs and flattens what it returns: a pair of the key and each result. Spark: `flatMapValues`.
   *
   * @example byShop.flatMapValues((cents) => (cents > 0 ? [cents] : []))
   */
  flatMapValues<K, V, U extends Inferred>(this: StreamOfPairs<K, V>, f: (value: V) => Iterable<U>): DStream<[K, U]> {
    return this.derive(flatMapValues(f))
  }

  /**
   * One pair per key and batch, its values put together by `f`, on the side of the source first, so that one value per key travels. `f` is associative
   * and commutative, and may change and return its first argument. Spark: `reduceByKey`.
   *
   * @throws InvalidKeyError, NotAPairError (of a record, by policy `onPoison`).
   * @example byShop.reduceByKey((a, b) => a + b, { numPartitions: 8 })
   */
  reduceByKey<K, V extends Inferred>(
    this: StreamOfPairs<K, V>,
    f: Reduce<V>,
    options: CombineOptions<Widen<V>> = {},
  ): DStream<[K, Widen<V>]> {
    return this.derive(reduceByKey(f, options))
  }

  /**
   * One pair per key and batch: the key and all of its values, which all travel: where a result is smaller, {@link reduceByKey} or
   * {@link combineByKey} cost less. Spark: `groupByKey`.
   *
   * @throws InvalidKeyError, NotAPairError (of a record, by policy `onPoison`).
   * @example byShop.groupByKey().mapValues((all) => all.length)
   */
  groupByKey<K, V>(this: StreamOfPairs<K, V>, options: CombineOptions<V> = {}): DStream<[K, V[]]> {
    return this.derive(groupByKey(options))
  }

  /**
   * One pair per key and batch, combined in the general way: `create` makes an accumulator of a first value, `mergeValue` adds another, and
   * `mergeCombiners` puts those of several partitions together. The last two may change and return their first argument. Spark: `combineByKey`.
   *
   * @throws InvalidKeyError, NotAPairError (of a record, by policy `onPoison`).
   * @example
   * byShop.combineByKey(
   *   (cents) => ({ sum: cents, n: 1 }),
   *   ({ sum, n }, cents) => ({ sum: sum + cents, n: n + 1 }),
   *   (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
   * )
   */
  combineByKey<K, V, C extends Inferred>(
    this: StreamOfPairs<K, V>,
    create: (value: V) => C & Sync<C>,
    mergeValue: (combined: Widen<C>, value: V) => Widen<C>,
    mergeCombiners: Reduce<C>,
    options: CombineOptions<Widen<C>> = {},
  ): DStream<[K, Widen<C>]> {
    return this.derive(combineByKey(create, mergeValue, mergeCombiners, options))
  }

  /**
   * Per key the values of every window, all of which are kept as state. Spark: `groupByKeyAndWindow`.
   *
   * @param slide default: this stream's own.
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example byShop.groupByKeyAndWindow('5m', '1m').mapValues((all) => Math.max(...all))
   */
  groupByKeyAndWindow<K, V>(
    this: StreamOfPairs<K, V>,
    window: Duration,
    slide: Duration = this.slide,
    options: CombineOptions<V> = {},
  ): DStream<[K, V[]]> {
    return this.through(groupByKeyAndWindow([window, slide], this.slide, options))
  }

  /**
   * Reduces the values of every key over windows. With an inverse incrementally: what enters is added, what leaves is
   * taken off, and keys stay with a neutral value unless `filter` drops them. Spark: `reduceByKeyAndWindow`.
   *
   * @param slide default: this stream's own.
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   * @example
   * byShop.reduceByKeyAndWindow((a, b) => Math.max(a, b), '20s', '10s')
   * byShop.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '20s', '10s', { filter: ([, cents]) => cents !== 0 })
   */
  reduceByKeyAndWindow<K, V extends Inferred>(
    this: StreamOfPairs<K, V>,
    f: Reduce<V>,
    window: Duration,
    slide?: Duration,
    options?: CombineOptions<Widen<V>>,
  ): DStream<[K, Widen<V>]>
  reduceByKeyAndWindow<K, V extends Inferred>(
    this: StreamOfPairs<K, V>,
    f: Reduce<V>,
    inverse: Reduce<V>,
    window: Duration,
    slide?: Duration,
    options?: WindowReduceOptions<K, Widen<V>>,
  ): DStream<[K, Widen<V>]>
  reduceByKeyAndWindow<K, V extends Inferred>(
    this: StreamOfPairs<K, V>,
    f: Reduce<V>,
    second: Reduce<V> | Duration,
    third?: Duration,
    fourth?: Duration | CombineOptions<Widen<V>>,
    options: WindowReduceOptions<K, Widen<V>> = {},
  ): DStream<[K, Widen<V>]> {
    if (typeof second !== 'function') {
      const last = typeof fourth === 'object' ? fourth : {}
      return this.through(reduceByKeyAndWindow(f, [second, third ?? this.slide], this.slide, last))
    }
    if (third === undefined || typeof fourth === 'object') throw orderOfArguments('reduceByKeyAndWindow')
    return this.through(
      reduceByKeyAndWindowInverse<K, V>(f, second, [third, fourth ?? this.slide], this.slide, options),
    )
  }

  /**
   * The `n` greatest values that a key has had so far, the greatest first, of equal ones the earliest: one pair per batch for every
   * key that came in it. State: at most `n` values for every key there ever was. After `n` was raised, what was not kept does not come
   * back. Values that cannot be ordered are an error, or go aside by `onPoison`. Spark: `MLPairRDDFunctions.topByKey`, of one RDD.
   *
   * @throws InvalidOptionError unless `n` is a whole number of at least 1.
   * @example byShop.topByKey(3)
   */
  topByKey<K, V>(this: StreamOfPairs<K, V>, n: number, options: TopOptions<V> = {}): DStream<[K, V[]]> {
    return this.derive(topByKey(n, options))
  }

  /**
   * Per key and batch, the values of both streams: `[key, [those of this, those of the other]]`, for every key of either. Nothing is kept from batch to
   * batch: window a stream first to join with what came before. Spark: `cogroup`.
   *
   * @throws InvalidOptionError for streams of different slides.
   * @example byShop.cogroup(shops).mapValues(([cents, about]) => ({ sold: cents.length, known: about.length > 0 }))
   */
  cogroup<K, V, W>(
    this: StreamOfPairs<K, V>,
    other: StreamOfPairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V[], W[]]]> {
    sameSlide('cogroup', this, other)
    return this.derive(cogroup(options), other)
  }

  /**
   * Every pair of values of a key in the same batch of both streams; a key that either lacks is left out. Spark: `join`.
   *
   * @throws InvalidOptionError for streams of different slides.
   * @example byShop.join(shops).map(([shop, [cents, { country }]]) => ({ shop, cents, country }))
   */
  join<K, V, W>(
    this: StreamOfPairs<K, V>,
    other: StreamOfPairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V, W]]> {
    return this.cogroup(other, options).flatMapValues((grouped) => inner(grouped))
  }

  /**
   * As {@link join}, with `undefined` for a key that the other stream lacks. Spark: `leftOuterJoin`.
   *
   * @throws InvalidOptionError for streams of different slides.
   * @example byShop.leftOuterJoin(shops).mapValues(([cents, about]) => ({ cents, country: about?.country ?? 'unknown' }))
   */
  leftOuterJoin<K, V, W>(
    this: StreamOfPairs<K, V>,
    other: StreamOfPairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues((grouped) => leftOuter(grouped))
  }

  /**
   * As {@link join}, with `undefined` for a key that this stream lacks. Spark: `rightOuterJoin`.
   *
   * @throws InvalidOptionError for streams of different slides.
   * @example byShop.rightOuterJoin(shops).mapValues(([cents = 0, { name }]) => ({ name, cents }))
   */
  rightOuterJoin<K, V, W>(
    this: StreamOfPairs<K, V>,
    other: StreamOfPairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V | undefined, W]]> {
    return this.cogroup(other, options).flatMapValues((grouped) => rightOuter(grouped))
  }

  /**
   * As {@link join}, with `undefined` for a key that either stream lacks. Spark: `fullOuterJoin`.
   *
   * @throws InvalidOptionError for streams of different slides.
   * @example byShop.fullOuterJoin(shops).mapValues(([cents = 0, about]) => ({ cents, name: about?.name }))
   */
  fullOuterJoin<K, V, W>(
    this: StreamOfPairs<K, V>,
    other: StreamOfPairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V | undefined, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues((grouped) => fullOuter(grouped))
  }

  /**
   * Keeps a state per key: `update` runs in every batch for every key that has a state or new values, and the whole state is
   * emitted. `undefined` removes a key. Where only keys with new values matter, {@link mapWithState} costs less. Spark: `updateStateByKey`, whose three
   * shapes are told apart by the number of parameters: `(values, state)`, `(time, key, values, state)`, `(groups)`; times are batch times in milliseconds.
   *
   * @throws InvalidOptionError for a function with another number of parameters; BatchFailedError (by policy `onPoison`) when it throws.
   * @example
   * byShop.updateStateByKey((cents: readonly number[], sum: number | undefined) => cents.reduce((a, b) => a + b, sum ?? 0), {
   *   id: 'totals',
   *   initialState: [['corner shop', 1200]],
   * })
   */
  updateStateByKey<K, V, S = Widen<V>>(
    this: StreamOfPairs<K, V>,
    update: KeyUpdate<V, S>,
    options?: UpdateOptions<K, S>,
  ): DStream<[K, S]>
  updateStateByKey<K, V, S = Widen<V>>(
    this: StreamOfPairs<K, V>,
    update: TimedUpdate<K, V, S>,
    options?: UpdateOptions<K, S>,
  ): DStream<[K, S]>
  updateStateByKey<K, V, S = Widen<V>>(
    this: StreamOfPairs<K, V>,
    update: GroupsUpdate<K, V, S>,
    options?: UpdateOptions<K, S>,
  ): DStream<[K, S]>
  /** @internal Of what fits none of the above the compiler shows this. */
  updateStateByKey<K, V>(
    this: StreamOfPairs<K, V>,
    update: UpdateOfOtherState<V>,
    options?: UpdateOptions<K, unknown>,
  ): DStream<never>
  updateStateByKey<K, V, S = Widen<V>>(
    this: StreamOfPairs<K, V>,
    update: KeyUpdate<V, S> | GroupsUpdate<K, V, S> | TimedUpdate<K, V, S>,
    options: UpdateOptions<K, S> = {},
  ): DStream<[K, S]> {
    return this.derive(updateStateByKey(update, options))
  }

  /**
   * Keeps a state per key: the spec's function runs once per pair, with the state of its key, and what it returns is
   * emitted. Spark: `mapWithState`.
   *
   * @param options as {@link StateSpec.function} takes them; what is given here counts.
   * @throws StateMisuseError, BatchFailedError (by policy `onPoison`) when the function does what `State` forbids, or throws.
   * @example
   * const running = StateSpec.function((shop: string, cents: number | undefined, sum: State<number>) => {
   *   sum.update((sum.getOption() ?? 0) + (cents ?? 0))
   *   return { shop, sum: sum.get() }
   * })
   * byShop.mapWithState(running, { id: 'running', numPartitions: 8 })
   */
  mapWithState<K, V, S, M>(
    this: StreamOfPairs<K, V>,
    spec: StateSpec<K, V, S, M>,
    options: MapWithStateOptions<NoInfer<K>, NoInfer<S>> = {},
  ): MappedStream<K, S, M> {
    return new MappedStream<K, S, M>(...this.#after(mapWithState(spec, options)))
  }

  /**
   * Prints the first `count` elements of every batch, in Spark's layout (`DStream.print`). Runs once per closed batch.
   * Printing is at least once: a crash between commit and print makes the next invocation print again. Where a job prints several
   * streams, the line with the time goes on with which it is.
   *
   * @throws InvalidOptionError unless `count` is a whole number.
   * @example words.countByValue().print(20)
   */
  print(count = 10): void {
    this.#to(printed(count))
  }

  /**
   * As {@link print}, as a table: the layout of Structured Streaming's console sink and of `Dataset.show`. `Batch` counts intervals since
   * the epoch. Columns are the names of properties, `_1`, `_2` of tuples, and `value`.
   *
   * @throws InvalidOptionError unless `count` and `truncate` are whole numbers.
   * @example orders.printTable(5, { truncate: false })
   */
  printTable(count = 20, options: TableOptions = {}): void {
    this.#to(printedTable(this.registry.batch, count, options))
  }

  /**
   * Calls `f` with every batch, after the commit that holds it: at least once, in order of T, and with T+1 only when T has succeeded. What
   * it does outside must be safe to repeat: `batch.id` is the same in every try, and no other batch has it. When `f` throws, or rejects,
   * that batch is tried again after a second, two, four, up to five minutes, later ones wait in the log, and the rest of the job goes on.
   *
   * @param f may be async. The batch is empty when other streams of the job have elements at T and this one has none.
   * @throws EffectFailedError is what is logged when `f` fails.
   * @example
   * declare const database: { upsert(id: string, row: [string, number]): Promise<void> }
   * byShop.reduceByKey((a, b) => a + b).foreachRDD(async (batch) => {
   *   for (const [shop, cents] of batch) await database.upsert(`${batch.id}/${shop}`, [shop, cents])
   * })
   */
  foreachRDD(f: (batch: Batch<T>, time: number) => unknown, options: IdentityOptions = {}): void {
    const { node } = this.derive(foreachRDD(f, options))
    this.registry.add({ kind: 'output', input: node, sink: AFTER_COMMIT })
  }

  /**
   * Writes every batch as text, one element per line, to `<prefix>-<T>[.<suffix>]/part-<topic>-<partition>-<offset>`,
   * T in milliseconds. Each micro-batch publishes its part at once; `_SUCCESS` appears when T is closed. Exactly once.
   * Spark: `DStream.saveAsTextFiles`.
   *
   * @param prefix `s3://bucket/some/prefix`; with the embedded default a directory stands for the bucket.
   * @throws InvalidOptionError for an address that is none, and for one that another output of the job has.
   * @example words.saveAsTextFiles('s3://results/words')
   */
  saveAsTextFiles(prefix: string, suffix?: string): void {
    this.#to(textFiles(prefix, suffix))
  }

  /**
   * As {@link saveAsTextFiles}, one JSON value per line, of which the same value can be read again: texts, finite numbers, booleans,
   * null, arrays and plain objects; a Date as its ISO text. `undefined` means that there is nothing: in an object the property
   * is left out, in an array null holds its place.
   *
   * @throws UnencodableError (by policy `onPoison`) for anything else: NaN, Infinity, bigint, Map, Set, typed arrays, an invalid Date.
   * @example orders.saveAsNdjsonFiles('s3://results/orders', 'ndjson')
   */
  saveAsNdjsonFiles(prefix: string, suffix?: string): void {
    this.#to(ndjsonFiles(prefix, suffix))
  }

  /**
   * As {@link saveAsTextFiles}, as comma-separated values (RFC 4180), every part with a header line of its own. Objects need
   * `columns`; tuples and single values have some of their own.
   *
   * @throws UnencodableError (by policy `onPoison`) for an object without `columns`, and for half of a surrogate pair.
   * @example orders.saveAsCsvFiles('s3://results/orders', { columns: ['id', 'cents'] })
   */
  saveAsCsvFiles<A>(this: DStream<A>, prefix: string, ...[options = {}]: CsvArguments<A>): void {
    this.#to(csvFiles(prefix, options))
  }

  /**
   * Calls `f` with the elements of every part of every batch once they are committed, in parallel and where they are: those of a
   * micro-batch, or those that a bucket has in a batch. At least once, always with the same elements under the same `id`; in each task
   * one after the other. As long as it fails its task waits, and others go on. Spark: `foreachRDD` with `RDD.foreachPartition`.
   *
   * @throws CallFailedError when `f` or `connect` throws.
   * @throws UnsavableValueError (by policy `onPoison`) for an element that is no value: it travels in the commit.
   * @example
   * orders.foreachPartition(
   *   async (some, { id, connection }) => {
   *     await connection.write(id, some)
   *   },
   *   { connect: () => openTill(), close: (till) => till.end() },
   * )
   */
  foreachPartition<C = undefined>(
    f: (elements: readonly T[], context: PartitionContext<NoInfer<C>>) => unknown,
    options: ForeachPartitionOptions<C> = {},
  ): void {
    this.#to(calls(f, options))
  }

  #to(sink: Sink): void {
    this.registry.add({ kind: 'output', input: this.node, sink })
  }
}

/**
 * What `mapWithState` returns: the mapped elements, and the state beside them. Spark: `MapWithStateDStream`.
 *
 * @example
 * function both(mapped: MappedStream<string, number, string>) {
 *   mapped.saveAsTextFiles('s3://results/mapped')
 *   mapped.stateSnapshots().saveAsNdjsonFiles('s3://results/state')
 * }
 */
export class MappedStream<out K, out S, out M> extends DStream<M> {
  /**
   * The whole state as pairs, each batch; it costs in proportion to all keys. Spark: `MapWithStateDStream.stateSnapshots`.
   *
   * @example
   * const longest = StateSpec.function((_shop: string, cents: number | undefined, most: State<number>) => {
   *   most.update(Math.max(most.getOption() ?? 0, cents ?? 0))
   * })
   * byShop.mapWithState(longest).stateSnapshots().saveAsTextFiles('s3://results/most')
   */
  stateSnapshots(options: IdentityOptions = {}): DStream<[K, S]> {
    return this.derive(stateSnapshots(options))
  }
}

/**
 * What `sortBy` returns: the sorted batches, and their beginnings, for which less has to travel.
 *
 * @example
 * function board(sorted: SortedStream<Order>) {
 *   sorted.take(10).saveAsNdjsonFiles('s3://results/board')
 * }
 */
export class SortedStream<T> extends DStream<T> {
  readonly #unsorted: DStream<T>
  readonly #order: Order

  /** @internal */
  constructor(unsorted: DStream<T>, order: Order, ...made: ConstructorParameters<typeof DStream<T>>) {
    super(...made)
    this.#unsorted = unsorted
    this.#order = order
  }

  /**
   * The first `n` of every batch in the stream's order; no task sends more than `n` of a micro-batch.
   *
   * @example orders.sortBy(({ at }) => at).take(3)
   */
  override take(n: number, options: IdentityOptions = {}): DStream<T> {
    return this.#unsorted.derive(takeSorted(this.#order, n, options))
  }

  /**
   * As {@link DStream.print}, of what travels for it.
   *
   * @example orders.sortBy(({ cents }) => cents, { ascending: false }).print()
   */
  override print(count = 10): void {
    this.#toFirst(printed(count))
  }

  /**
   * As {@link DStream.printTable}, of what travels for it.
   *
   * @example orders.sortBy(({ cents }) => cents, { ascending: false }).printTable(5)
   */
  override printTable(count = 20, options: TableOptions = {}): void {
    this.#toFirst(printedTable(this.registry.batch, count, options))
  }

  #toFirst(sink: Sink): void {
    const { takes } = sink
    this.registry.add({ kind: 'output', input: takes === undefined ? this.node : this.take(takes).node, sink })
  }
}

interface Together {
  readonly registry: object
  readonly slide: number
}

export function checkTogether(operator: string, ...streams: readonly Together[]): void {
  const [first] = streams
  if (streams.some(({ registry }) => registry !== first?.registry)) {
    throw new InvalidOptionError(`${operator}: the streams belong to different jobs. Define them inside one job().`)
  }
  if (streams.some(({ slide }) => slide !== first?.slide)) {
    const slides = streams.map(({ slide }) => `${slide} ms`).join(', ')
    throw new InvalidOptionError(`${operator}: the streams have different slides (${slides}). Window them alike first.`)
  }
}

function sameSlide(operator: string, a: { readonly slide: number }, b: { readonly slide: number }): void {
  if (a.slide === b.slide) return
  throw new InvalidOptionError(
    `${operator}: the streams have different slides (${a.slide} ms and ${b.slide} ms). Window them alike first.`,
  )
}
