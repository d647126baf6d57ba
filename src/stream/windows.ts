// Windowed reductions: each reduces batches first, so that windows hold little, puts a window over that, and reduces again; or,
// with an inverse, goes on from the window before. Definitions follow org.apache.spark.streaming.dstream.DStream and PairDStreamFunctions.

import { InvalidOptionError } from '../errors/errors.ts'
import { madeBy } from '../graph/nodes.ts'
import { checkSpans, type Spans } from '../operators/batch-times.ts'
import { type Combiner, combining, concatenating, grouping, reducing } from '../operators/combine-by-key.ts'
import { folding, reducingAll } from '../operators/fold.ts'
import { inverseWindow } from '../operators/inverse-window.ts'
import { map } from '../operators/map.ts'
import { type WindowOptions, windowing } from '../operators/window.ts'
import type { Duration } from '../options/duration.ts'
import { type Identity, partBefore } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { type CombineOptions, identified, type Shuffle, type ShuffleOptions, shuffle } from '../options/shuffle.ts'
import {
  type ValueVersion,
  VERSION_OPTIONS,
  type VersionOptions,
  valueVersion,
  versionOfLists,
  versionOfPairs,
} from '../options/state-version.ts'
import type { Reduce, Widen } from '../options/widen.ts'
import type { DStream } from './dstream.ts'

type Pairs<K, V> = DStream<readonly [K, V]>

/** Options of {@link DStream.reduceByKeyAndWindow} with an inverse. */
export interface WindowReduceOptions<K, V> extends ShuffleOptions, VersionOptions<V> {
  /** Keeps a key only while this holds of its `[key, value]`; without it keys stay for ever, with neutral values. */
  readonly filter?: (pair: readonly [K, V]) => boolean
}

const UNNAMED: Identity = { id: undefined }

function windowed<T>(of: DStream<T>, spans: Spans, who: Identity, values: ValueVersion | undefined): DStream<T> {
  return of.derive<T>(windowing({ spans, made: madeBy(of.node) }, who, values))
}

/** `reduceByWindow` without an inverse. */
export function reduceByWindow<T>(
  of: DStream<T>,
  f: Reduce<T>,
  [window, slide]: readonly [Duration, Duration],
  options: WindowOptions<Widen<T>>,
): DStream<Widen<T>> {
  const operator = 'reduceByWindow'
  const who = identified(operator, options, VERSION_OPTIONS)
  const values = valueVersion(operator, options)
  const how = reducingAll(checkFunction(operator, f))
  const spans = checkSpans(operator, window, slide, of.slide)
  const reduced = of.derive<Widen<T>>(folding(how, partBefore(who, 'reduce'), values))
  return windowed(reduced, spans, who, values).derive<Widen<T>>(folding(how, UNNAMED, values))
}

/** With an inverse: under a key that all elements share. */
export function reduceByWindowInverse<T>(
  of: DStream<T>,
  f: Reduce<T>,
  inverse: Reduce<T>,
  [window, slide]: readonly [Duration, Duration | undefined],
  options: WindowOptions<Widen<T>>,
): DStream<Widen<T>> {
  if (slide === undefined) throw orderOfArguments('reduceByWindow')
  identified('reduceByWindow', options, VERSION_OPTIONS)
  const reduced = of
    .map((element): [null, T] => [null, element])
    .reduceByKeyAndWindow<null, T>(f, inverse, window, slide, { numPartitions: 1, ...options })
  return reduced.derive<Widen<T>>(map(([, value]: readonly [null, Widen<T>]) => value))
}

/** `groupByKeyAndWindow`. */
export function groupByKeyAndWindow<K, V>(
  of: Pairs<K, V>,
  [window, slide]: readonly [Duration, Duration],
  options: CombineOptions<V>,
): DStream<[K, V[]]> {
  const operator = 'groupByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, of.slide)
  const who = shuffle(operator, options, VERSION_OPTIONS)
  const values = versionOfLists(valueVersion(operator, options))
  return combinedOver<K, V[]>(of, { part: 'group', how: grouping(), again: concatenating() }, spans, who, values)
}

/** `reduceByKeyAndWindow` without an inverse. */
export function reduceByKeyAndWindow<K, V>(
  of: Pairs<K, V>,
  f: Reduce<V>,
  [window, slide]: readonly [Duration, Duration],
  options: CombineOptions<Widen<V>>,
): DStream<[K, Widen<V>]> {
  const operator = 'reduceByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, of.slide)
  const who = shuffle(operator, options, VERSION_OPTIONS)
  const values = valueVersion(operator, options)
  const how = reducing(checkFunction(operator, f))
  return combinedOver<K, Widen<V>>(of, { part: 'reduce', how, again: how }, spans, who, values)
}

function combinedOver<K, C>(
  of: { derive: DStream<unknown>['derive'] },
  { part, how, again }: { readonly part: string; readonly how: Combiner; readonly again: Combiner },
  spans: Spans,
  { numPartitions, ...who }: Shuffle,
  values: ValueVersion | undefined,
): DStream<[K, C]> {
  const combined = of.derive<[K, C]>(combining(how, { numPartitions, ...partBefore(who, part) }, values))
  const inWindows = windowed(combined, spans, who, versionOfPairs(values))
  return inWindows.derive<[K, C]>(combining(again, { numPartitions, ...UNNAMED }, values))
}

/** `reduceByKeyAndWindow` with an inverse. */
export function reduceByKeyAndWindowInverse<K, V>(
  of: Pairs<K, V>,
  f: Reduce<V>,
  inverse: Reduce<V>,
  [window, slide]: readonly [Duration, Duration],
  options: WindowReduceOptions<K, Widen<V>>,
): DStream<[K, Widen<V>]> {
  const operator = 'reduceByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, of.slide)
  const { numPartitions, ...who } = shuffle(operator, options, ['filter', ...VERSION_OPTIONS])
  const { filter } = options
  const values = valueVersion(operator, options)
  const how = reducing(checkFunction(operator, f))
  const reduced = of.derive<[K, Widen<V>]>(combining(how, { numPartitions, ...partBefore(who, 'reduce') }, values))
  const invReduce = checkFunction(operator, inverse)
  const keep = filter && { test: checkFunction(operator, filter) }
  return reduced.derive<[K, Widen<V>]>(
    inverseWindow(
      { reduce: f, invReduce, filter: keep },
      { spans, made: how.makes },
      { numPartitions, ...who },
      values,
    ),
  )
}

/** Of calls that got past the compiler. */
export function orderOfArguments(operator: string): InvalidOptionError {
  return new InvalidOptionError(`${operator}: with an inverse, give (reduce, inverse, window, slide, options).`)
}
