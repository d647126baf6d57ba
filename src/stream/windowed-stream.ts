// The vocabulary, second part: what needs all the data of a batch, or of several. Definitions follow
// org.apache.spark.streaming.dstream.DStream, which builds the same things out of the same few operators.

import { InvalidOptionError } from '../errors.ts'
import { BasicStream, checkFunction } from './basic-stream.ts'
import type { DStream } from './dstream.ts'
import { type Duration, toMillis } from './duration.ts'
import { checkKnownOptions, checkPartitions } from './options.ts'
import { type ValueVersion, VERSION_OPTIONS, type VersionOptions, valueVersion } from './state-version.ts'

/** Options of operators that shuffle. */
export interface ShuffleOptions {
  /** How many buckets the keys are spread over. Default: the job's `numPartitions`. */
  readonly numPartitions?: number
  /** Pins the operator's identity, so that its state survives changes elsewhere in the job. */
  readonly id?: string
}

/** Options of {@link WindowedStream.window}. */
export interface WindowOptions<T> extends VersionOptions<NoInfer<T>> {
  /** As in {@link ShuffleOptions}. */
  readonly id?: string
}

/** Literal types grow to what arithmetic on them gives: `1` to `number`. */
export type Widen<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends boolean
      ? boolean
      : V extends bigint
        ? bigint
        : V

export abstract class WindowedStream<T> extends BasicStream<T> {
  /** One element per batch: all of its elements put together by `f`; none for an empty batch. Spark: `reduce`. */
  reduce(f: (a: Widen<T>, b: Widen<T>) => Widen<T>): DStream<Widen<T>> {
    return this.#fold<Widen<T>>('reduce', reduced(checkFunction('reduce', f)))
  }

  /** One element per batch: how many elements it has, `0` for an empty one. Spark: `count`. */
  count(): DStream<number> {
    const merge = (a: number, b: number): number => a + b
    return this.#fold<number>('count', { create: () => 1, merge, empty: { value: 0 } })
  }

  /** How often each value occurs in a batch, as pairs; values are compared by value. Spark: `countByValue`. */
  countByValue(options: ShuffleOptions = {}): DStream<[T, number]> {
    return this.map((element): [T, number] => [element, 1]).reduceByKey<T, number>((a, b) => a + b, options)
  }

  /** The same elements, spread over `numPartitions` buckets. Spark: `repartition`. */
  repartition(numPartitions: number): DStream<T> {
    const input = this.node
    return this.derive<T>({ kind: 'repartition', input, ...shuffle('repartition', { numPartitions }) }, this.slide)
  }

  /** One array per batch and partition, with its elements. Spark: `glom`. */
  glom(): DStream<T[]> {
    return this.mapPartitions((elements) => [[...elements]])
  }

  /**
   * At every multiple of `slide` the elements of all batches in (T - window, T]; the first windows are partial. Spark: `window`.
   *
   * @throws InvalidOptionError unless window and slide are multiples of this stream's own slide.
   */
  window(window: Duration, slide: Duration = this.slide, options: WindowOptions<T> = {}): DStream<T> {
    const { id } = shuffle('window', options, VERSION_OPTIONS)
    const spans = this.checkWindow('window', window, slide)
    return this.windowOver(spans, id, valueVersion('window', options))
  }

  /** @internal */
  windowOver(
    spans: { readonly window: number; readonly slide: number },
    id: string | undefined,
    values: ValueVersion | undefined,
  ): DStream<T> {
    return this.derive<T>(
      { kind: 'window', input: this.node, numPartitions: undefined, id, values, ...spans },
      spans.slide,
    )
  }

  /** Reduces every window to one element; with an inverse incrementally. Spark: `reduceByWindow`. */
  reduceByWindow(f: Reduce<T>, window: Duration, slide: Duration, options?: VersionOptions<Widen<T>>): DStream<Widen<T>>
  reduceByWindow(
    f: Reduce<T>,
    inverse: Reduce<T>,
    window: Duration,
    slide: Duration,
    options?: VersionOptions<Widen<T>>,
  ): DStream<Widen<T>>
  reduceByWindow(
    f: Reduce<T>,
    second: Reduce<T> | Duration,
    third: Duration,
    fourth?: Duration | VersionOptions<Widen<T>>,
    fifth: VersionOptions<Widen<T>> = {},
  ): DStream<Widen<T>> {
    const operator = 'reduceByWindow'
    if (typeof second !== 'function') {
      const options = typeof fourth === 'object' ? fourth : {}
      checkKnownOptions(operator, options, VERSION_OPTIONS)
      const values = valueVersion(operator, options)
      const how = { ...reduced(checkFunction(operator, f)), values }
      const spans = this.checkWindow(operator, second, third)
      const { node } = this.#fold<Widen<T>>(operator, how).windowOver(spans, undefined, values)
      return this.derive<Widen<T>>({ kind: 'fold', input: node, numPartitions: 1, id: undefined, ...how }, spans.slide)
    }
    if (fourth === undefined || typeof fourth === 'object') {
      throw new InvalidOptionError(`${operator}: with an inverse, give (reduce, inverse, window, slide, options).`)
    }
    checkKnownOptions(operator, fifth, VERSION_OPTIONS)
    return this.map((element): [null, T] => [null, element])
      .reduceByKeyAndWindow<null, T>(f, second, third, fourth, { numPartitions: 1, ...fifth })
      .map(([, value]) => value)
  }

  /** How many elements every window has. Spark: `countByWindow`. */
  countByWindow(window: Duration, slide: Duration): DStream<number> {
    return this.map(() => 1).reduceByWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      window,
      slide,
    )
  }

  /** How often each value occurs in every window, as pairs. Spark: `countByValueAndWindow`. */
  countByValueAndWindow(window: Duration, slide: Duration, options: ShuffleOptions = {}): DStream<[T, number]> {
    return this.map((element): [T, number] => [element, 1]).reduceByKeyAndWindow<T, number>(
      (a, b) => a + b,
      (a, b) => a - b,
      window,
      slide,
      { ...options, filter: ([, count]) => count !== 0 },
    )
  }

  /** @internal Checks a window against the stream's slide. */
  checkWindow(operator: string, window: Duration, slide: Duration): { window: number; slide: number } {
    const spans = { window: toMillis(`${operator}, window`, window), slide: toMillis(`${operator}, slide`, slide) }
    for (const [name, value] of Object.entries(spans)) {
      if (value > 0 && value % this.slide === 0) continue
      throw new InvalidOptionError(
        `${operator}: the ${name} (${value} ms) must be a multiple of the slide of the stream it is applied to (${this.slide} ms).`,
      )
    }
    return spans
  }

  #fold<U>(
    operator: string,
    how: {
      create(element: T): unknown
      merge(a: U, b: U): U
      empty: { readonly value: unknown } | undefined
      values?: ValueVersion | undefined
    },
  ): DStream<U> {
    return this.derive<U>(
      { kind: 'fold', input: this.node, ...shuffle(operator, { numPartitions: 1 }), ...how },
      this.slide,
    )
  }
}

/** A fold that puts elements together as they are, and makes nothing of nothing. */
function reduced<T>(f: Reduce<T>): { create(element: T): unknown; merge: Reduce<T>; empty: undefined } {
  return { create: (element) => element, merge: f, empty: undefined }
}

type Reduce<T> = (a: Widen<T>, b: Widen<T>) => Widen<T>

/** The checked options of a shuffle, as nodes have them. */
/** Ids are part of the keys of commit logs and snapshots, and of the ids of operators after them. */
const MAX_ID_BYTES = 200

export function shuffle(
  operator: string,
  options: ShuffleOptions,
  known: readonly string[] = [],
): { numPartitions: number | undefined; id: string | undefined } {
  checkKnownOptions(operator, options, ['numPartitions', 'id', ...known])
  const { numPartitions, id } = options
  if (numPartitions !== undefined) checkPartitions(`${operator}, numPartitions`, numPartitions)
  if (id !== undefined && (typeof id !== 'string' || id === '')) {
    throw new InvalidOptionError(`${operator}: id must be a text that is not empty, got ${JSON.stringify(id)}.`)
  }
  if (id !== undefined && Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw new InvalidOptionError(
      `${operator}: id must have at most ${MAX_ID_BYTES} bytes, got ${Buffer.byteLength(id)}.`,
    )
  }
  return { numPartitions, id }
}
