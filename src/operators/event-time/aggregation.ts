// What the rows of a group become. Functions of users may change their first argument, so an accumulator is always the operator's own.

import { checkFunction } from '../../options/options.ts'
import { synchronous } from '../../options/synchronous.ts'
import type { Reduce } from '../../options/widen.ts'
import { copyAgain } from '../../values/copy.ts'
import { addCounts, type Combining, merged, mutable, own } from '../accumulators.ts'

/** As users give it. `A`: the accumulator; `R`: the result. */
export interface Aggregate<T, A, R> {
  /** An accumulator of no rows. */
  readonly create: () => A
  /** The accumulator with one more row; may change its first argument. */
  readonly add: (accumulator: A, row: T) => A
  /** Two accumulators of one group, of different tasks; may change its first argument. */
  readonly merge: (a: A, b: A) => A
  /** The result. Default: the accumulator. */
  readonly finish?: (accumulator: A) => R
}

/** The same, checked. User functions sit in method signatures, so that operators forget element types. */
export interface Aggregation extends Combining {
  /** Who is it, for messages. */
  readonly said: string
  first(row: unknown): unknown
  add(accumulator: unknown, row: unknown): unknown
  merge(a: unknown, b: unknown): unknown
  finish(accumulator: unknown): unknown
}

export const counting: Aggregation = {
  said: 'count',
  changesNothing: true,
  first: () => 1,
  add: (count: number) => count + 1,
  merge: addCounts,
  finish: (count) => count,
}

export function reducing<T>(f: Reduce<T>): Aggregation {
  checkFunction('reduce', f)
  return { said: 'reduce', first: (row) => row, add: f, merge: f, finish: (row) => row }
}

/** @throws InvalidOptionError */
export function aggregating<T, A, R>(aggregate: Aggregate<T, A, R>): Aggregation {
  const { create, add, merge, finish = (accumulator: A) => accumulator } = aggregate
  for (const f of [create, add, merge, finish]) checkFunction('aggregate', f)
  return { said: 'aggregate', first: (row: T) => add(create(), row), add, merge, finish }
}

/**
 * One more row. What is kept stays as it is when the function throws half way, so it is given a copy.
 *
 * @param known undefined: it is the first
 */
export function addRow(
  how: Aggregation,
  known: { readonly acc: unknown } | undefined,
  row: unknown,
  key: unknown,
): unknown {
  return known
    ? synchronous(how.said, how.add(untouched(how, known.acc), merged(how, row, key)))
    : own(how, synchronous(how.said, how.first(row)), key)
}

/** Two accumulators; the second one is somebody's no more. */
export function mergeInto(how: Aggregation, known: { readonly acc: unknown } | undefined, other: unknown): unknown {
  return known ? synchronous(how.said, how.merge(untouched(how, known.acc), mutable(other))) : mutable(other)
}

function untouched(how: Aggregation, acc: unknown): unknown {
  return how.changesNothing ? acc : copyAgain(acc)
}
