// The vocabulary, last part: joins and keyed state. Definitions follow org.apache.spark.streaming.dstream.PairDStreamFunctions.

import { InvalidOptionError } from '../errors/errors.ts'
import type { IdentityOptions } from '../graph/identity.ts'
import type { StreamNode } from '../graph/nodes.ts'
import type { MapWithStateNode } from '../graph/wide-nodes.ts'
import { checkFunction } from '../options/options.ts'
import { VERSION_OPTIONS, valueVersion } from '../options/state-version.ts'
import { PairStream } from './pair-stream.ts'
import type { StateSpec } from './state-spec.ts'
import {
  type GroupsUpdate,
  type KeyUpdate,
  keyFunction,
  type TimedUpdate,
  type UpdateOptions,
  updateFunction,
} from './update-shapes.ts'
import { identified, type ShuffleOptions, shuffle } from './windowed-stream.ts'

type Pairs<K, V> = DStream<readonly [K, V]>

/**
 * A stream of elements of type `T`, cut into batches by time. Immutable: operators return new streams and run nothing.
 * Semantics follow Spark's `org.apache.spark.streaming.dstream.DStream`; on pairs `[K, V]` also `PairDStreamFunctions`.
 */
export class DStream<T> extends PairStream<T> {
  /** @internal */
  override derive<U>(node: StreamNode, slide = this.slide): DStream<U> {
    return new DStream<U>(node, this.registry, slide)
  }

  /** Per key and batch, the values of both streams. Spark: `cogroup`. */
  cogroup<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options: ShuffleOptions = {}): DStream<[K, [V[], W[]]]> {
    sameSlide('cogroup', this, other)
    const inputs = [this.node, other.node]
    return this.derive<[K, [V[], W[]]]>({ kind: 'cogroup', inputs, ...shuffle('cogroup', options) })
  }

  /** Every pair of values of a key in both streams. Spark: `join`. */
  join<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options: ShuffleOptions = {}): DStream<[K, [V, W]]> {
    return this.cogroup(other, options).flatMapValues(([vs, ws]) => vs.flatMap((v) => ws.map((w): [V, W] => [v, w])))
  }

  /** As `join`, with `undefined` for a key that the other stream lacks. Spark: `leftOuterJoin`. */
  leftOuterJoin<K, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues(([vs, ws]) =>
      vs.flatMap((v) => orNone(ws).map((w): [V, W | undefined] => [v, w])),
    )
  }

  /** As `join`, with `undefined` for a key that this stream lacks. Spark: `rightOuterJoin`. */
  rightOuterJoin<K, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V | undefined, W]]> {
    return this.cogroup(other, options).flatMapValues(([vs, ws]) =>
      orNone(vs).flatMap((v) => ws.map((w): [V | undefined, W] => [v, w])),
    )
  }

  /** As `join`, with `undefined` for a key that either stream lacks. Spark: `fullOuterJoin`. */
  fullOuterJoin<K, V, W>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    options: ShuffleOptions = {},
  ): DStream<[K, [V | undefined, W | undefined]]> {
    return this.cogroup(other, options).flatMapValues(([vs, ws]) =>
      orNone(vs).flatMap((v) => orNone(ws).map((w): [V | undefined, W | undefined] => [v, w])),
    )
  }

  /**
   * Keeps a state per key: `update` runs in every batch for every key that has a state or new values, and the whole state is
   * emitted. `undefined` removes a key. Spark: `updateStateByKey`, whose three shapes are told apart by the number of parameters.
   *
   * @example pairs.updateStateByKey((ones: readonly number[], sum: number | undefined) => (sum ?? 0) + ones.length)
   */
  updateStateByKey<K, V, S>(this: Pairs<K, V>, update: KeyUpdate<V, S>, options?: UpdateOptions<K, S>): DStream<[K, S]>
  updateStateByKey<K, V, S>(
    this: Pairs<K, V>,
    update: TimedUpdate<K, V, S>,
    options?: UpdateOptions<K, S>,
  ): DStream<[K, S]>
  updateStateByKey<K, V, S>(
    this: Pairs<K, V>,
    update: GroupsUpdate<K, V, S>,
    options?: UpdateOptions<K, S>,
  ): DStream<[K, S]>
  updateStateByKey<K, V, S>(
    this: Pairs<K, V>,
    update: KeyUpdate<V, S> | GroupsUpdate<K, V, S> | TimedUpdate<K, V, S>,
    options: UpdateOptions<K, S> = {},
  ): DStream<[K, S]> {
    const general = updateFunction<K, V, S>(update)
    const updateKey = keyFunction<K, V, S>(update)
    return this.derive<[K, S]>({
      kind: 'updateStateByKey',
      input: this.node,
      ...shuffle('updateStateByKey', options, ['initialState', ...VERSION_OPTIONS]),
      values: valueVersion('updateStateByKey', options),
      initial: [...(options.initialState ?? [])],
      update: general,
      ...(updateKey && { updateKey }),
    })
  }

  /**
   * Keeps a state per key: the spec's function runs once per pair, with the state of its key, and what it returns is
   * emitted. Spark: `mapWithState`.
   */
  mapWithState<K, V, S, M>(
    this: Pairs<K, V>,
    spec: StateSpec<K, V, S, M>,
    options: IdentityOptions = {},
  ): MappedStream<K, S, M> {
    const { initial, timeout, numPartitions, values } = spec.settings
    const identity = identified('mapWithState', options)
    const node: MapWithStateNode = {
      kind: 'mapWithState',
      input: this.node,
      ...shuffle('mapWithState', numPartitions === undefined ? {} : { numPartitions }),
      ...identity,
      initial,
      timeout,
      values,
      map: checkFunction('mapWithState', spec.map),
    }
    return new MappedStream<K, S, M>(node, this.registry, this.slide)
  }
}

/** What `mapWithState` returns: the mapped elements, and the state beside them. */
export class MappedStream<K, S, M> extends DStream<M> {
  readonly #state: MapWithStateNode

  /** @internal */
  constructor(node: MapWithStateNode, registry: DStream<M>['registry'], slide: number) {
    super(node, registry, slide)
    this.#state = node
  }

  /** The whole state as pairs, each batch. Spark: `MapWithStateDStream.stateSnapshots`. */
  stateSnapshots(options: IdentityOptions = {}): DStream<[K, S]> {
    return this.derive<[K, S]>({
      kind: 'stateSnapshots',
      input: this.#state,
      ...identified('stateSnapshots', options),
    })
  }
}

/** SQL's outer join: the values, or one that is missing. */
function orNone<V>(values: readonly V[]): readonly (V | undefined)[] {
  return values.length === 0 ? [undefined] : values
}

function sameSlide(operator: string, a: { readonly slide: number }, b: { readonly slide: number }): void {
  if (a.slide === b.slide) return
  throw new InvalidOptionError(
    `${operator}: the streams have different slides (${a.slide} ms and ${b.slide} ms). Window them alike first.`,
  )
}
