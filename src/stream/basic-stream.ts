// The vocabulary, first part: sources' records through narrow operators into outputs. Every operator returns a new stream;
// every output is registered with the job under definition.

import { InvalidOptionError } from '../errors/errors.ts'
import type { CsvOptions } from '../formats/encode.ts'
import type { OutputNode, StreamNode } from '../graph/nodes.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import { printed } from '../sinks/console.ts'
import { type CsvFileOptions, csvFiles, ndjsonFiles, textFiles } from '../sinks/files/files.ts'
import type { Sink } from '../sinks/sink.ts'
import type { KafkaRecord } from '../sources/kafka/record.ts'
import type { DStream } from './dstream.ts'
import type { Sync } from './sync.ts'

/** Where a stream registers its outputs: the job that is being defined. */
export interface OutputRegistry {
  /** The job's batch interval, milliseconds. */
  readonly batch: number
  add(output: OutputNode): void
}

/** Options of {@link DStream.mapAsync}. */
export interface MapAsyncOptions {
  /** How many calls may be under way at once in one micro-batch. Default 8. */
  readonly concurrency?: number
  /**
   * Whether an error is of something that is away for now, such as a database: then the micro-batch fails, nothing is
   * committed, and its records are delivered again, whatever `onPoison` says. Otherwise its record is a bad one. Default: errors of
   * connections and timeouts, throttling and status 429 or 5xx, what says `transient` or `retryable`, and {@link TransientError}.
   *
   * @example words.mapAsync(lookUp, { transient: (error) => error instanceof ShopIsClosed })
   */
  readonly transient?: (error: unknown) => boolean
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

/**
 * A stream of elements of type `T`, cut into batches by time. Immutable: operators return new streams and run nothing.
 * Semantics follow Spark's `org.apache.spark.streaming.dstream.DStream`.
 */
export abstract class BasicStream<T> {
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

  /** @internal A stream of `node`, in the same job. */
  abstract derive<U>(node: StreamNode, slide?: number): DStream<U>

  /** Applies `f` to every element. Spark: `DStream.map`. */
  map<U>(f: (element: T) => U & Sync<U>): DStream<U> {
    return this.derive<U>({ kind: 'map', input: this.node, apply: checkFunction('map', f) })
  }

  /** Keeps the elements for which `f` is true. Spark: `DStream.filter`. */
  filter<U extends T>(f: (element: T) => element is U): DStream<U>
  filter(f: (element: T) => boolean): DStream<T>
  filter(f: (element: T) => boolean): DStream<T> {
    return this.derive<T>({ kind: 'filter', input: this.node, apply: checkFunction('filter', f) })
  }

  /** Applies `f` to every element and flattens what it returns. Spark: `DStream.flatMap`. */
  flatMap<U>(f: (element: T) => Iterable<U>): DStream<U> {
    return this.derive<U>({ kind: 'flatMap', input: this.node, apply: checkFunction('flatMap', f) })
  }

  /**
   * Applies `f` once to the elements that one micro-batch of one partition has for one batch time. How records are cut
   * into micro-batches shows here, as in Spark's `DStream.mapPartitions` the partitioning does.
   */
  mapPartitions<U>(f: (elements: Iterable<T>) => Iterable<U>): DStream<U> {
    return this.derive<U>({ kind: 'mapPartitions', input: this.node, apply: checkFunction('mapPartitions', f) })
  }

  /**
   * Applies an asynchronous `f` to every element, `concurrency` calls at a time; results keep the order of the elements.
   * A call may be repeated when its micro-batch is retried: what `f` does elsewhere is at least once (I6 covers only what
   * is published). Not in Spark, where a task would block.
   *
   * A call that fails because something is away fails the micro-batch, which is delivered again ({@link MapAsyncOptions.transient});
   * so does one after the other when all records of a micro-batch, and more than one, fail alike, for up to `waitForFailed`.
   */
  mapAsync<U>(f: (element: T) => Promise<U>, options: MapAsyncOptions = {}): DStream<U> {
    checkKnownOptions('mapAsync', options, ['concurrency', 'transient'])
    const { concurrency = 8, transient } = options
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new InvalidOptionError(`mapAsync: concurrency must be a whole number of at least 1, got ${concurrency}.`)
    }
    if (transient !== undefined) checkFunction('mapAsync, transient', transient)
    const apply = checkFunction('mapAsync', f)
    return this.derive<U>({ kind: 'mapAsync', input: this.node, concurrency, transient, apply })
  }

  /** All elements of this stream and of the others. Spark: `DStream.union`. */
  union(...others: readonly BasicStream<T>[]): DStream<T> {
    if (others.some((other) => other.registry !== this.registry)) {
      throw new InvalidOptionError('union: the streams belong to different jobs. Define them inside one job().')
    }
    if (others.some(({ slide }) => slide !== this.slide)) {
      const slides = [this, ...others].map(({ slide }) => `${slide} ms`).join(', ')
      throw new InvalidOptionError(`union: the streams have different slides (${slides}). Window them alike first.`)
    }
    return this.derive<T>({ kind: 'union', inputs: [this.node, ...others.map((o) => o.node)] })
  }

  /**
   * Prints the first `count` elements of every batch, in Spark's layout (`DStream.print`). Runs once per closed batch.
   * Printing is at least once: a crash between commit and print makes the next invocation print again.
   */
  print(count = 10): void {
    this.#to(printed(count))
  }

  /**
   * Writes every batch as text, one element per line, to `<prefix>-<T>[.<suffix>]/part-<topic>-<partition>-<offset>`,
   * T in milliseconds. Each micro-batch publishes its part at once; `_SUCCESS` appears when T is closed. Exactly once.
   * Spark: `DStream.saveAsTextFiles`.
   *
   * @param prefix `s3://bucket/some/prefix`; with the embedded default a directory stands for the bucket.
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
  saveAsCsvFiles(prefix: string, ...[options = {}]: CsvArguments<T>): void {
    this.#to(csvFiles(prefix, options))
  }

  #to(sink: Sink): void {
    this.registry.add({ kind: 'output', input: this.node, sink })
  }
}
