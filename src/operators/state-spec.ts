// StateSpec: what `mapWithState` does with the state of a key. Spark: org.apache.spark.streaming.StateSpec.

import { InvalidOptionError } from '../errors/errors.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { DEFAULTS_DO_NOT_COUNT, namesMoreParameters } from '../options/parameters.ts'
import { type ValueVersion, type VersionOptions, valueVersion } from '../options/state-version.ts'
import type { Sync } from '../options/sync.ts'
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

/** How `mapWithState` runs; immutable, each setting returns a new spec. */
export class StateSpec<K, V, S, M> {
  /** @internal */
  readonly map: TimedMappingFunction<K, V, S, M>
  /** @internal */
  readonly settings: {
    readonly initial: Iterable<readonly [K, S]>
    readonly timeout: number | undefined
    readonly numPartitions: number | undefined
    readonly values: ValueVersion | undefined
  }

  private constructor(map: TimedMappingFunction<K, V, S, M>, settings: StateSpec<K, V, S, M>['settings']) {
    this.map = map
    this.settings = settings
  }

  /**
   * A spec of a function, told apart by its number of parameters: three or four.
   *
   * @example StateSpec.function((word: string, one: number | undefined, state: State<number>) => state.getOption() ?? one)
   */
  static function<K, V, S, M>(f: MappingFunction<K, V, S, M>): StateSpec<K, V, S, M>
  static function<K, V, S, M>(f: TimedMappingFunction<K, V, S, M>): StateSpec<K, V, S, M>
  static function<K, V, S, M>(
    f: MappingFunction<K, V, S, M> | TimedMappingFunction<K, V, S, M>,
  ): StateSpec<K, V, S, M> {
    if (typeof f !== 'function' || (f.length !== 3 && f.length !== 4) || namesMoreParameters(f)) {
      throw new InvalidOptionError(
        'StateSpec.function: expected a function of (key, value, state) or of (time, key, value, state), told apart by the number of its parameters. ' +
          DEFAULTS_DO_NOT_COUNT,
      )
    }
    const map: TimedMappingFunction<K, V, S, M> = isTimed(f) ? f : (_time, key, value, state) => f(key, value, state)
    return new StateSpec(map, { initial: [], timeout: undefined, numPartitions: undefined, values: undefined })
  }

  /** State of keys before the first batch. */
  initialState(pairs: Iterable<readonly [K, S]>): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, initial: [...pairs] })
  }

  /** A key that has not been seen for longer than this is handed to the function once more, timing out, and removed. */
  timeout(idle: Duration): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, timeout: toMillis('StateSpec.timeout', idle) })
  }

  /** How many buckets the keys are spread over. */
  numPartitions(count: number): StateSpec<K, V, S, M> {
    return new StateSpec(this.map, { ...this.settings, numPartitions: count })
  }

  /**
   * The version of the state, raised whenever its shape changes, and what makes a state of this version of an older one: pure,
   * called when state is loaded.
   *
   * @example spec.version(2, (state, from) => (from === 1 ? { sum: Number(state), last: 0 } : state))
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
