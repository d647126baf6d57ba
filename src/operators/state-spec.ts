// StateSpec: what `mapWithState` does with the state of a key. Spark: org.apache.spark.streaming.StateSpec.

import { InvalidOptionError } from '../errors/errors.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import type { Identity } from '../options/identity.ts'
import type { Inferred } from '../options/inferred.ts'
import { DEFAULTS_DO_NOT_COUNT, namesMoreParameters } from '../options/parameters.ts'
import { STATE_OPTIONS, type StateOptions, shuffle } from '../options/shuffle.ts'
import { type ValueVersion, type VersionOptions, valueVersion } from '../options/state-version.ts'
import type { Sync } from '../options/sync.ts'
import type { Widen } from '../options/widen.ts'
import type { State } from './state-handle.ts'

/** `(key, value, state) => mapped`: what it returns is emitted, `undefined` too. */
export type MappingFunction<K, V, S, M> = (key: K, value: V | undefined, state: State<S>) => M & Sync<M>

/** `(time, key, value, state) => mapped`: `undefined` emits nothing. */
export type TimedMappingFunction<K, V, S, M> = (
  time: number,
  key: K,
  value: V | undefined,
  state: State<S>,
) => (M & Sync<M>) | undefined

/** Options of {@link StateSpec.function} and of {@link DStream.mapWithState}. */
export interface MapWithStateOptions<K, S> extends StateOptions<K, S> {
  /**
   * A key that has not been seen for longer than this is handed to the function once more, timing out, and removed. Default: never.
   * Spark: `StateSpec.timeout`.
   */
  readonly timeout?: Duration
}

/** The same, checked; what was not given is not there. */
export interface SpecSettings<K, S> extends Partial<Identity> {
  readonly initial?: readonly (readonly [K, S])[]
  /** Milliseconds. */
  readonly timeout?: number
  readonly numPartitions?: number
  readonly values?: ValueVersion | undefined
}

/** @throws InvalidOptionError */
export function checkSpec<K, S>(operator: string, options: MapWithStateOptions<K, S>): SpecSettings<K, S> {
  const { numPartitions, id, formerly } = shuffle(operator, options, ['timeout', ...STATE_OPTIONS])
  const { initialState, timeout } = options
  const values = valueVersion(operator, options)
  return {
    ...(initialState && { initial: [...initialState] }),
    ...(timeout !== undefined && { timeout: toMillis(`${operator}, timeout`, timeout) }),
    ...(numPartitions !== undefined && { numPartitions }),
    ...(options.version !== undefined && { values }),
    ...(id !== undefined && { id }),
    ...(formerly !== undefined && { formerly }),
  }
}

/**
 * How `mapWithState` runs; immutable, each setting returns a new spec. Spark: `org.apache.spark.streaming.StateSpec`.
 *
 * @example
 * const visits: StateSpec<string, number, number, number> = StateSpec.function(
 *   (_shop: string, cents: number | undefined, seen: State<number>) => {
 *     if (cents !== undefined) seen.update((seen.getOption() ?? 0) + 1)
 *     return seen.getOption() ?? 0
 *   },
 *   { timeout: '1d' },
 * )
 * byShop.mapWithState(visits)
 */
export class StateSpec<K, V, S, M> {
  /** @internal */
  readonly map: TimedMappingFunction<K, V, S, M>
  /** @internal */
  readonly settings: SpecSettings<K, S>

  private constructor(map: TimedMappingFunction<K, V, S, M>, settings: SpecSettings<K, S>) {
    this.map = map
    this.settings = settings
  }

  /**
   * A spec of a function, told apart by its number of parameters: `(key, value, state)`, or `(time, key, value, state)` with the batch time in
   * milliseconds. The value is `undefined` when the key times out.
   *
   * @param options also methods of the spec, but `id` and `formerly`; `mapWithState` takes the same.
   * @throws InvalidOptionError for a function with another number of parameters, and for an unknown or impossible option.
   * @example
   * StateSpec.function((_word: string, one: number | undefined, sum: State<number>) => sum.update((sum.getOption() ?? 0) + (one ?? 0)), {
   *   id: 'word-counts',
   *   timeout: '2h',
   * })
   */
  static function<K, V, S = Widen<V>, M extends Inferred = undefined>(
    f: MappingFunction<K, V, S, M>,
    options?: MapWithStateOptions<NoInfer<K>, NoInfer<S>>,
  ): StateSpec<K, V, S, M>
  static function<K, V, S = Widen<V>, M extends Inferred = undefined>(
    f: TimedMappingFunction<K, V, S, M>,
    options?: MapWithStateOptions<NoInfer<K>, NoInfer<S>>,
  ): StateSpec<K, V, S, M>
  static function<K, V, S = Widen<V>, M extends Inferred = undefined>(
    f: MappingFunction<K, V, S, M> | TimedMappingFunction<K, V, S, M>,
    options: MapWithStateOptions<K, S> = {},
  ): StateSpec<K, V, S, M> {
    if (typeof f !== 'function' || (f.length !== 3 && f.length !== 4) || namesMoreParameters(f)) {
      throw new InvalidOptionError(
        'StateSpec.function: expected a function of (key, value, state) or of (time, key, value, state), told apart by the number of its parameters. ' +
          DEFAULTS_DO_NOT_COUNT,
      )
    }
    const map: TimedMappingFunction<K, V, S, M> = isTimed(f) ? f : (_time, key, value, state) => f(key, value, state)
    return new StateSpec(map, checkSpec('StateSpec.function', options))
  }

  /**
   * A spec of a function `(time, key, value, state)`, as {@link StateSpec.function} takes it; here the compiler infers all four where the
   * stream is known, which it cannot where functions are told apart by their number of parameters.
   *
   * @throws InvalidOptionError for a function with another number of parameters, and for an unknown or impossible option.
   * @example
   * byShop.mapWithState(
   *   StateSpec.timed((time, shop, cents, sum) => {
   *     sum.update((sum.getOption() ?? 0) + (cents ?? 0))
   *     return { time, shop, sum: sum.get() }
   *   }),
   * )
   */
  static timed<K, V, S = Widen<V>, M extends Inferred = undefined>(
    f: (time: number, key: K, value: V | undefined, state: State<S>) => M & Sync<M>,
    options?: MapWithStateOptions<NoInfer<K>, NoInfer<S>>,
  ): StateSpec<K, V, S, Exclude<M, undefined>>
  static timed<K, V, S, M>(
    f: TimedMappingFunction<K, V, S, M>,
    options: MapWithStateOptions<K, S> = {},
  ): StateSpec<K, V, S, M> {
    if (typeof f !== 'function' || f.length !== 4 || namesMoreParameters(f))
      throw new InvalidOptionError(
        `StateSpec.timed: expected a function of (time, key, value, state). ${DEFAULTS_DO_NOT_COUNT}`,
      )
    return new StateSpec(f, checkSpec('StateSpec.timed', options))
  }

  /**
   * State of keys before the first batch.
   *
   * @example StateSpec.function((_key: string, n: number | undefined, _sum: State<number>) => n).initialState([['corner shop', 1200]])
   */
  initialState(pairs: Iterable<readonly [K, S]>): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, initial: [...pairs] })
  }

  /**
   * A key that has not been seen for longer than this is handed to the function once more, timing out, and removed.
   *
   * @throws InvalidOptionError for what is no duration.
   * @example StateSpec.function((_key: string, n: number | undefined, _sum: State<number>) => n).timeout('30m')
   */
  timeout(idle: Duration): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, timeout: toMillis('StateSpec.timeout', idle) })
  }

  /**
   * How many buckets the keys are spread over, 1 to 10,000.
   *
   * @example StateSpec.function((_key: string, n: number | undefined, _sum: State<number>) => n).numPartitions(8)
   */
  numPartitions(count: number): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, numPartitions: count })
  }

  /**
   * The version of the state, raised whenever its shape changes, and what makes a state of this version of an older one: pure,
   * called when state is loaded.
   *
   * @throws InvalidOptionError for a version that is none, and for a `migrate` of version 1.
   * @example
   * StateSpec.function((_key: string, n: number | undefined, _state: State<{ sum: number }>) => n).version(2, (sum) => ({ sum: Number(sum) }))
   */
  version(version: number, migrate?: NonNullable<VersionOptions<S>['migrate']>): StateSpec<K, V, S, M> {
    const values = valueVersion('StateSpec.version', { version, ...(migrate && { migrate }) })
    return new StateSpec(this.map, { ...this.settings, values })
  }
}

function isTimed<K, V, S, M>(
  f: MappingFunction<K, V, S, M> | TimedMappingFunction<K, V, S, M>,
): f is TimedMappingFunction<K, V, S, M> {
  return f.length === 4
}
