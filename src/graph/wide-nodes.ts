// Nodes that need all the data of a batch, or state: they run in the buckets of a shuffle stage when the batch is closed.
// As in nodes.ts, user functions sit in method signatures, so that nodes forget element types.

import type { ValueVersion } from '../options/state-version.ts'
import type { Identity } from './identity.ts'
import type { StreamNode } from './nodes.ts'

/** What wide nodes have in common. */
interface Wide extends Identity {
  /** Buckets; undefined: the job's default. */
  readonly numPartitions: number | undefined
}

/** Wide nodes that keep values of the user's, or have them on their way to them; `values` only from version 2 on. */
interface Versioned extends Wide {
  readonly values?: ValueVersion | undefined
}

interface Combining extends Versioned {
  /** Its functions are our own, and change no argument but what they have made themselves: nothing need be copied for them. */
  readonly changesNothing?: boolean
  /** What becomes of values on their way and in windows; undefined: values of the same type. */
  readonly makes?: Made
}

/** Operators of one kind that make different things of what they get cannot go on with each other's. */
export type Made = 'lists' | 'combiners' | 'counts'

/** Puts counts together: all operators that count do it with this, and no other does. */
export function addCounts(a: number, b: number): number {
  return a + b
}

/** Pairs to `[key, combined]`, one per key and batch. Combined on the side of the source first. Spark: `combineByKey`. */
export interface CombineByKeyNode extends Combining {
  readonly kind: 'combineByKey'
  readonly input: StreamNode
  create(value: unknown): unknown
  mergeValue(combined: unknown, value: unknown): unknown
  mergeCombiners(a: unknown, b: unknown): unknown
}

/** All elements of a batch folded to one, in one bucket; `empty` is emitted for a batch without elements, if given. */
export interface FoldNode extends Combining {
  readonly kind: 'fold'
  readonly input: StreamNode
  readonly empty: { readonly value: unknown } | undefined
  create(element: unknown): unknown
  merge(a: unknown, b: unknown): unknown
}

/** Pairs of several streams to `[key, [values of the first, values of the second, …]]`. Spark: `cogroup`. */
export interface CogroupNode extends Wide {
  readonly kind: 'cogroup'
  readonly inputs: readonly StreamNode[]
}

/** The same elements over other buckets. Spark: `repartition`. */
export interface RepartitionNode extends Wide {
  readonly kind: 'repartition'
  readonly input: StreamNode
}

/** At every multiple of `slide`: the elements of all batches in (T - window, T]. Spark: `window`. */
export interface WindowNode extends Versioned {
  readonly kind: 'window'
  readonly input: StreamNode
  /** Milliseconds, multiples of the input's slide. */
  readonly window: number
  readonly slide: number
}

/**
 * Windowed reduce that adds what enters and takes off what leaves; the input has one pair per key and batch. Spark:
 * `ReducedWindowedDStream`: keys stay, with a neutral value, unless `filter` drops them.
 */
export interface InverseWindowNode extends Versioned {
  readonly kind: 'inverseWindow'
  readonly input: StreamNode
  readonly window: number
  readonly slide: number
  reduce(a: unknown, b: unknown): unknown
  invReduce(a: unknown, b: unknown): unknown
  /** On `[key, value]`; undefined: keep all. */
  readonly filter: { test(pair: readonly [unknown, unknown]): boolean } | undefined
}

/** Spark's `updateStateByKey`: runs for every key in state or batch, each batch, and emits the whole state. */
export interface UpdateStateNode extends Versioned {
  readonly kind: 'updateStateByKey'
  readonly input: StreamNode
  readonly initial: Iterable<readonly [unknown, unknown]>
  /** Gets every key with its new values and its state; a key that is not given back is removed. */
  update(
    time: number,
    groups: Iterable<readonly [key: unknown, values: readonly unknown[], state: unknown]>,
  ): Iterable<readonly [unknown, unknown]>
  /** The same for one key, where the function of the user is one of a key; `undefined` removes it. */
  updateKey?(time: number, key: unknown, values: readonly unknown[], state: unknown): unknown
}

/** The state of one key as Spark's `State` shows it to the function of `mapWithState`. */
export interface State<S> {
  exists(): boolean
  /** @throws when there is none. */
  get(): S
  getOption(): S | undefined
  update(state: S): void
  remove(): void
  isTimingOut(): boolean
}

/** Spark's `mapWithState`: once per record, and once per key that times out; emits what the function returns, but undefined. */
export interface MapWithStateNode extends Versioned {
  readonly kind: 'mapWithState'
  readonly input: StreamNode
  readonly initial: Iterable<readonly [unknown, unknown]>
  /** Milliseconds; undefined: keys never time out. */
  readonly timeout: number | undefined
  map(time: number, key: unknown, value: unknown, state: State<unknown>): unknown
}

/** The whole state of a `mapWithState`, as pairs, each batch. Spark: `stateSnapshots`. */
export interface StateSnapshotsNode extends Partial<Identity> {
  readonly kind: 'stateSnapshots'
  readonly input: MapWithStateNode
}

export type WideNode =
  | CombineByKeyNode
  | FoldNode
  | CogroupNode
  | RepartitionNode
  | WindowNode
  | InverseWindowNode
  | UpdateStateNode
  | MapWithStateNode
  | StateSnapshotsNode
