// The vocabulary, second part: what needs all the data of a batch, or of several. Definitions follow
// org.apache.spark.streaming.dstream.DStream, which builds the same things out of the same few operators.

import { InvalidOptionError } from '../errors/errors.ts'
import { IDENTITY_OPTIONS, type Identity, type IdentityOptions, identityOf, partBefore } from '../graph/identity.ts'
import { addCounts, type Made } from '../graph/wide-nodes.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkFunction, checkKnownOptions, checkPartitions } from '../options/options.ts'
import { type ValueVersion, VERSION_OPTIONS, type VersionOptions, valueVersion } from '../options/state-version.ts'
import { BasicStream } from './basic-stream.ts'
import type { DStream } from './dstream.ts'

/** Options of operators that shuffle. */
export interface ShuffleOptions extends IdentityOptions {
  /** How many buckets the keys are spread over. Default: the job's `numPartitions`. */
  readonly numPartitions?: number
}

/** Options of {@link WindowedStream.window} and {@link WindowedStream.reduceByWindow}. */
export interface WindowOptions<T> extends IdentityOptions, VersionOptions<NoInfer<T>> {}

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
  reduce(f: (a: Widen<T>, b: Widen<T>) => Widen<T>, options: IdentityOptions = {}): DStream<Widen<T>> {
    return this.#fold<Widen<T>>(identified('reduce', options), reduced(checkFunction('reduce', f)))
  }

  /** One element per batch: how many elements it has, `0` for an empty one. Spark: `count`. */
  count(options: IdentityOptions = {}): DStream<number> {
    const how = { create: () => 1, merge: addCounts, empty: { value: 0 }, makes: 'counts' } as const
    return this.#fold<number>(identified('count', options), how)
  }

  /** How often each value occurs in a batch, as pairs; values are compared by value. Spark: `countByValue`. */
  countByValue(options: ShuffleOptions = {}): DStream<[T, number]> {
    return this.map((element): [T, number] => [element, 1]).reduceByKey<T, number>(addCounts, options)
  }

  /** The same elements, spread over `numPartitions` buckets. Spark: `repartition`. */
  repartition(numPartitions: number, options: IdentityOptions = {}): DStream<T> {
    const [input, identity] = [this.node, identified('repartition', options)]
    return this.derive<T>(
      { kind: 'repartition', input, ...shuffle('repartition', { numPartitions }), ...identity },
      this.slide,
    )
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
    const identity = identified('window', options, VERSION_OPTIONS)
    const spans = this.checkWindow('window', window, slide)
    return this.windowOver(spans, identity, valueVersion('window', options))
  }

  /** @internal */
  windowOver(
    spans: { readonly window: number; readonly slide: number },
    identity: Identity,
    values: ValueVersion | undefined,
  ): DStream<T> {
    return this.derive<T>(
      { kind: 'window', input: this.node, numPartitions: undefined, ...identity, values, ...spans },
      spans.slide,
    )
  }

  /** Reduces every window to one element; with an inverse incrementally. Spark: `reduceByWindow`. */
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
    fifth: WindowOptions<Widen<T>> = {},
  ): DStream<Widen<T>> {
    const operator = 'reduceByWindow'
    if (typeof second !== 'function') {
      const options = typeof fourth === 'object' ? fourth : {}
      const identity = identified(operator, options, VERSION_OPTIONS)
      const values = valueVersion(operator, options)
      const how = { ...reduced(checkFunction(operator, f)), values }
      const spans = this.checkWindow(operator, second, third)
      const { node } = this.#fold<Widen<T>>(partBefore(identity, 'reduce'), how).windowOver(spans, identity, values)
      return this.derive<Widen<T>>({ kind: 'fold', input: node, numPartitions: 1, id: undefined, ...how }, spans.slide)
    }
    if (fourth === undefined || typeof fourth === 'object') {
      throw new InvalidOptionError(`${operator}: with an inverse, give (reduce, inverse, window, slide, options).`)
    }
    identified(operator, fifth, VERSION_OPTIONS)
    const pairs = this.map((element): [null, T] => [null, element]) //
      .reduceByKeyAndWindow<null, T>(f, second, third, fourth, { numPartitions: 1, ...fifth })
    const apply = ([, value]: readonly [null, Widen<T>]): Widen<T> => value
    return pairs.derive<Widen<T>>({ kind: 'map', input: pairs.node, apply })
  }

  /** How many elements every window has. Spark: `countByWindow`. */
  countByWindow(window: Duration, slide: Duration, options: IdentityOptions = {}): DStream<number> {
    identified('countByWindow', options)
    return this.map(() => 1).reduceByWindow(addCounts, (a, b) => a - b, window, slide, options)
  }

  /** How often each value occurs in every window, as pairs. Spark: `countByValueAndWindow`. */
  countByValueAndWindow(window: Duration, slide: Duration, options: ShuffleOptions = {}): DStream<[T, number]> {
    return this.map((element): [T, number] => [element, 1]).reduceByKeyAndWindow<T, number>(
      addCounts,
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
    identity: Identity,
    how: {
      create(element: T): unknown
      merge(a: U, b: U): U
      empty: { readonly value: unknown } | undefined
      values?: ValueVersion | undefined
      makes?: Made
    },
  ): DStream<U> {
    return this.derive<U>({ kind: 'fold', input: this.node, numPartitions: 1, ...identity, ...how }, this.slide)
  }
}

/** A fold that puts elements together as they are, and makes nothing of nothing. */
function reduced<T>(f: Reduce<T>): { create(element: T): unknown; merge: Reduce<T>; empty: undefined } {
  return { create: (element) => element, merge: f, empty: undefined }
}

type Reduce<T> = (a: Widen<T>, b: Widen<T>) => Widen<T>

/** The checked identity of an operator without other options of a shuffle. */
export function identified(operator: string, options: IdentityOptions, known: readonly string[] = []): Identity {
  checkKnownOptions(operator, options, [...IDENTITY_OPTIONS, ...known])
  return identityOf(operator, options)
}

/** The checked options of a shuffle, as nodes have them. */
export function shuffle(
  operator: string,
  options: ShuffleOptions,
  known: readonly string[] = [],
): Identity & { numPartitions: number | undefined } {
  checkKnownOptions(operator, options, ['numPartitions', ...IDENTITY_OPTIONS, ...known])
  const { numPartitions } = options
  if (numPartitions !== undefined) checkPartitions(`${operator}, numPartitions`, numPartitions)
  return { numPartitions, ...identityOf(operator, options) }
}
