// The three shapes of `updateStateByKey`'s function, made one. Spark: PairDStreamFunctions.updateStateByKey.

import { InvalidOptionError } from '../errors/errors.ts'
import { DEFAULTS_DO_NOT_COUNT, namesMoreParameters } from '../options/parameters.ts'
import type { StateOptions } from '../options/shuffle.ts'
import type { Widen } from '../options/widen.ts'

/** `(values, state) => state`: `undefined` removes the key. */
export type KeyUpdate<V, S> = (values: readonly V[], state: S | undefined) => S | undefined

/** `(groups) => pairs`, over all keys of a bucket: a key that is not given back is removed. */
export type GroupsUpdate<K, V, S> = (
  groups: Iterable<readonly [key: K, values: readonly V[], state: S | undefined]>,
) => Iterable<readonly [K, S]>

/** `(time, key, values, state) => state`. */
export type TimedUpdate<K, V, S> = (time: number, key: K, values: readonly V[], state: S | undefined) => S | undefined

/** What the compiler says of a function whose state is not what its values are: it cannot infer a parameter from what is returned. */
export type UpdateOfOtherState<V> = (
  values: readonly V[],
  state: Widen<V> | undefined,
) => 'The state is of another type than the values, or is no data: say its type, as in (values, state: Total | undefined) => …'

/** Options of `updateStateByKey`. */
export interface UpdateOptions<K, S> extends StateOptions<K, S> {}

/** The general shape. */
export type StateUpdate<K, V, S> = (
  time: number,
  groups: Iterable<readonly [K, readonly V[], S | undefined]>,
) => Iterable<readonly [K, S]>

/** The function for one key; undefined for one of all keys. */
export function keyFunction<K, V, S>(f: Shape<K, V, S>): TimedUpdate<K, V, S> | undefined {
  if (isTimed(f)) return f
  return isKeyed(f) ? (_time, _key, values, state) => f(values, state) : undefined
}

/** Tells the shapes apart by their number of parameters: 2, 1 or 4. */
export function updateFunction<K, V, S>(
  f: KeyUpdate<V, S> | GroupsUpdate<K, V, S> | TimedUpdate<K, V, S>,
): StateUpdate<K, V, S> {
  if (typeof f === 'function' && !namesMoreParameters(f)) {
    if (isGroups(f)) return (_time, groups) => f(groups)
    if (isTimed(f)) return (time, groups) => each(groups, (key, values, state) => f(time, key, values, state))
    if (isKeyed(f)) return (_time, groups) => each(groups, (_key, values, state) => f(values, state))
  }
  throw new InvalidOptionError(
    'updateStateByKey: expected a function of (values, state), (groups), or (time, key, values, state), told apart by the number of its parameters. ' +
      DEFAULTS_DO_NOT_COUNT,
  )
}

type Shape<K, V, S> = KeyUpdate<V, S> | GroupsUpdate<K, V, S> | TimedUpdate<K, V, S>

function isKeyed<K, V, S>(f: Shape<K, V, S>): f is KeyUpdate<V, S> {
  return f.length === 2
}

function isGroups<K, V, S>(f: Shape<K, V, S>): f is GroupsUpdate<K, V, S> {
  return f.length === 1
}

function isTimed<K, V, S>(f: Shape<K, V, S>): f is TimedUpdate<K, V, S> {
  return f.length === 4
}

function* each<K, V, S>(
  groups: Iterable<readonly [K, readonly V[], S | undefined]>,
  update: (key: K, values: readonly V[], state: S | undefined) => S | undefined,
): Iterable<readonly [K, S]> {
  for (const [key, values, state] of groups) {
    const next = update(key, values, state)
    if (next !== undefined) yield [key, next]
  }
}
