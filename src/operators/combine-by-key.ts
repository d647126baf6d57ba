// `reduceByKey`, `groupByKey` and `combineByKey`: pairs to `[key, combined]`, one per key and batch. Spark: `ShuffledDStream`.
//
// Most of the work is done where the data is, so that little travels: the source side folds what one micro-batch has into
// partials, the bucket merges the partials of all micro-batches and tasks, in the order in which they are given. The stage keeps
// that order fixed, so that a fold that is neither commutative nor exact (floating point) still comes out the same on every run (I1).

import { checkFunction } from '../options/options.ts'
import { type CombineOptions, type Shuffle, shuffle } from '../options/shuffle.ts'
import { type ValueVersion, VERSION_OPTIONS, valueVersion, versionOfLists } from '../options/state-version.ts'
import { synchronous } from '../options/synchronous.ts'
import type { Reduce, Widen } from '../options/widen.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { addCounts, type Combining, merged, mutable, own } from './accumulators.ts'
import { type Aside, type Asked, type BatchOperator, type Elements, type Made, stop } from './operator.ts'

/** How values become one. User functions sit in method signatures, so that operators forget element types. */
export interface Combiner extends Combining {
  readonly makes?: Made
  create(value: unknown): unknown
  mergeValue(combined: unknown, value: unknown): unknown
  mergeCombiners(a: unknown, b: unknown): unknown
}

export function reduceByKey<V>(f: Reduce<V>, options: CombineOptions<Widen<V>>): Asked {
  const [who, values] = asked('reduceByKey', options)
  return combining(reducing(checkFunction('reduceByKey', f)), who, values)
}

export function groupByKey<V>(options: CombineOptions<V>): Asked {
  const [who, values] = asked('groupByKey', options)
  return combining(grouping(), who, versionOfLists(values))
}

export function combineByKey<V, C>(
  create: (value: V) => C,
  mergeValue: (combined: Widen<C>, value: V) => Widen<C>,
  mergeCombiners: Reduce<C>,
  options: CombineOptions<Widen<C>>,
): Asked {
  const [who, values] = asked('combineByKey', options)
  for (const f of [create, mergeValue, mergeCombiners]) checkFunction('combineByKey', f)
  return combining({ makes: 'combiners', create, mergeValue, mergeCombiners }, who, values)
}

function asked<V>(operator: string, options: CombineOptions<V>): [Shuffle, ValueVersion | undefined] {
  return [shuffle(operator, options, VERSION_OPTIONS), valueVersion(operator, options)]
}

/** Values put together as they are. */
export function reducing<V>(merge: Reduce<V>): Combiner {
  const made = Object.is(merge, addCounts) ? ({ makes: 'counts' } as const) : {}
  return { ...made, create: (value: Widen<V>) => value, mergeValue: merge, mergeCombiners: merge }
}

/** Values to a list of them. */
export function grouping(): Combiner {
  const mergeValue = (values: unknown[], value: unknown): unknown[] => {
    values.push(value)
    return values
  }
  const create = (value: unknown): unknown[] => [value]
  return { changesNothing: true, makes: 'lists', create, mergeValue, mergeCombiners: concat }
}

/** Lists to one. */
export function concatenating(): Combiner {
  return { ...grouping(), create: (some) => some, mergeValue: concat }
}

function concat(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return a.concat(b)
}

const KIND = 'combineByKey'

/** The operator. @param values the version of what is combined */
export function combining(how: Combiner, who: Shuffle, values: ValueVersion | undefined): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: KIND,
    said: 'reduceByKey, groupByKey or combineByKey',
    keys: 'made',
    spread: 'by key',
    combine: (pairs) => combineLocally(how, pairs),
    ...(how.makes && { makes: how.makes }),
    values,
    takesWhatItKeeps: true,
    create: ({ combined, aside }) => ({
      run: (_, [elements = []]) =>
        combined ? mergePartials(how, elements, aside) : combineLocally(how, elements, aside),
    }),
  }
  return { operator, ...who }
}

/** The source's side: pairs to one `[key, combiner]` per key, in the order in which keys were first seen. */
function combineLocally(how: Combiner, pairs: Elements, aside: Aside = stop): Pair[] {
  return combineAll(pairs, aside, (value, known, first, key) =>
    first
      ? own(how, synchronous(KIND, how.create(value)), key)
      : synchronous(KIND, how.mergeValue(known, merged(how, value, key))),
  )
}

/** The bucket's side. */
function mergePartials(how: Combiner, partials: Elements, aside: Aside): Pair[] {
  return combineAll(partials, aside, (partial, known, first) =>
    first ? mutable(partial) : synchronous(KIND, how.mergeCombiners(known, mutable(partial))),
  )
}

function combineAll(
  pairs: Elements,
  aside: Aside,
  combine: (value: unknown, known: unknown, first: boolean, key: unknown) => unknown,
): Pair[] {
  const combiners = new KeyMap<unknown>()
  let failed: KeyMap<unknown> | undefined
  for (const element of pairs) {
    const [key, value] = pairOf(element)
    if (failed?.has(key)) continue
    const known = combiners.get(key)
    // A combiner may be undefined, so an undefined is looked at twice.
    const first = known === undefined && !combiners.has(key)
    try {
      combiners.set(key, combine(value, known, first, key))
    } catch (error) {
      if (aside === stop) throw error
      failed = (failed ?? new KeyMap<unknown>()).set(key, error)
    }
  }
  for (const [key, error] of failed ?? []) {
    combiners.delete(key)
    aside({ key, values: valuesOf(pairs, key), error })
  }
  return [...combiners]
}

function valuesOf(pairs: Elements, key: unknown): unknown[] {
  const wanted = new KeyMap<true>().set(key, true)
  return pairs.map(pairOf).flatMap(([other, value]) => (wanted.has(other) ? [value] : []))
}
