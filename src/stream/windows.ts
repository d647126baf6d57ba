// Windowed reductions: each reduces batches first, so that windows hold little, puts a window over that, and reduces again; or,
// with an inverse, goes on from the window before. Definitions follow org.apache.spark.streaming.dstream.DStream and PairDStreamFunctions.

import { InvalidOptionError } from '../errors/errors.ts'
import { checkSpans, type Spans } from '../operators/batch-times.ts'
import { type Combiner, combining, concatenating, grouping, reducing } from '../operators/combine-by-key.ts'
import { folding, reducingAll } from '../operators/fold.ts'
import { inverseWindow } from '../operators/inverse-window.ts'
import { map } from '../operators/map.ts'
import { type Asked, onRecords } from '../operators/operator.ts'
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

/** Options of {@link DStream.reduceByKeyAndWindow} with an inverse. */
export interface WindowReduceOptions<K, V> extends ShuffleOptions, VersionOptions<V> {
  /** Keeps a key only while this holds of its `[key, value]`; without it keys stay for ever, with neutral values. */
  readonly filter?: (pair: readonly [K, V]) => boolean
}

/** What puts windows over a stream, one after the other. */
type Chain = readonly Asked[]

const UNNAMED: Identity = { id: undefined }

/** The batches reduced, and windows over that. */
function inWindows(reduced: Asked, spans: Spans, who: Identity, values: ValueVersion | undefined): Asked[] {
  const made = onRecords(reduced.operator) ? undefined : reduced.operator.makes
  return [reduced, windowing({ spans, made }, who, values)]
}

/** `reduceByWindow` without an inverse. @param every how often its input has a batch, milliseconds; the same below */
export function reduceByWindow<T>(
  f: Reduce<T>,
  [window, slide]: readonly [Duration, Duration],
  every: number,
  options: WindowOptions<Widen<T>>,
): Chain {
  const operator = 'reduceByWindow'
  const who = identified(operator, options, VERSION_OPTIONS)
  const values = valueVersion(operator, options)
  const how = reducingAll(checkFunction(operator, f))
  const spans = checkSpans(operator, window, slide, every)
  const reduced = folding(how, partBefore(who, 'reduce'), values)
  return [...inWindows(reduced, spans, who, values), folding(how, UNNAMED, values)]
}

/** With an inverse: under a key that all elements share. */
export function reduceByWindowInverse<T>(
  f: Reduce<T>,
  inverse: Reduce<T>,
  [window, slide]: readonly [Duration, Duration | undefined],
  every: number,
  options: WindowOptions<Widen<T>>,
): Chain {
  if (slide === undefined) throw orderOfArguments('reduceByWindow')
  identified('reduceByWindow', options, VERSION_OPTIONS)
  const underOneKey = { numPartitions: 1, ...options }
  return [
    { operator: map((element: T): [null, T] => [null, element]) },
    ...reduceByKeyAndWindowInverse<null, T>(f, inverse, [window, slide], every, underOneKey),
    { operator: map(([, value]: readonly [null, Widen<T>]) => value) },
  ]
}

/** `groupByKeyAndWindow`. */
export function groupByKeyAndWindow<V>(
  [window, slide]: readonly [Duration, Duration],
  every: number,
  options: CombineOptions<V>,
): Chain {
  const operator = 'groupByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, every)
  const who = shuffle(operator, options, VERSION_OPTIONS)
  const values = versionOfLists(valueVersion(operator, options))
  return combinedOver({ part: 'group', how: grouping(), again: concatenating() }, spans, who, values)
}

/** `reduceByKeyAndWindow` without an inverse. */
export function reduceByKeyAndWindow<V>(
  f: Reduce<V>,
  [window, slide]: readonly [Duration, Duration],
  every: number,
  options: CombineOptions<Widen<V>>,
): Chain {
  const operator = 'reduceByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, every)
  const who = shuffle(operator, options, VERSION_OPTIONS)
  const values = valueVersion(operator, options)
  const how = reducing(checkFunction(operator, f))
  return combinedOver({ part: 'reduce', how, again: how }, spans, who, values)
}

function combinedOver(
  { part, how, again }: { readonly part: string; readonly how: Combiner; readonly again: Combiner },
  spans: Spans,
  { numPartitions, ...who }: Shuffle,
  values: ValueVersion | undefined,
): Chain {
  const combined = combining(how, { numPartitions, ...partBefore(who, part) }, values)
  return [
    ...inWindows(combined, spans, who, versionOfPairs(values)),
    combining(again, { numPartitions, ...UNNAMED }, values),
  ]
}

/** `reduceByKeyAndWindow` with an inverse. */
export function reduceByKeyAndWindowInverse<K, V>(
  f: Reduce<V>,
  inverse: Reduce<V>,
  [window, slide]: readonly [Duration, Duration],
  every: number,
  options: WindowReduceOptions<K, Widen<V>>,
): Chain {
  const operator = 'reduceByKeyAndWindow'
  const spans = checkSpans(operator, window, slide, every)
  const { numPartitions, ...who } = shuffle(operator, options, ['filter', ...VERSION_OPTIONS])
  const { filter } = options
  const values = valueVersion(operator, options)
  const how = reducing(checkFunction(operator, f))
  const invReduce = checkFunction(operator, inverse)
  const keep = filter && { test: checkFunction(operator, filter) }
  return [
    combining(how, { numPartitions, ...partBefore(who, 'reduce') }, values),
    inverseWindow(
      { reduce: f, invReduce, filter: keep },
      { spans, made: how.makes },
      { numPartitions, ...who },
      values,
    ),
  ]
}

/** Of calls that got past the compiler. */
export function orderOfArguments(operator: string): InvalidOptionError {
  return new InvalidOptionError(`${operator}: with an inverse, give (reduce, inverse, window, slide, options).`)
}
