// Spark's `State`, as the function of `mapWithState` gets it. One handle serves all records of a batch (Spark: `StateImpl`);
// rules and messages are Spark's.

import { StateMisuseError } from '../errors/operator-errors.ts'
import { copyAgain } from '../values/copy.ts'

/**
 * The state of one key, for the time of one call of the function of `mapWithState`; what is done elsewhere is not seen. Rules and messages are those of
 * Spark's `org.apache.spark.streaming.State`.
 *
 * @example
 * StateSpec.function((shop: string, cents: number | undefined, sum: State<number>) => {
 *   if (sum.isTimingOut()) return [shop, sum.get()] as const
 *   if (cents === undefined) sum.remove()
 *   else sum.update((sum.getOption() ?? 0) + cents)
 *   return undefined
 * }).timeout('1h')
 */
export interface State<S> {
  /**
   * Whether the key has a state: one that was kept, or given by `update` just now.
   *
   * @example StateSpec.function((_key: string, n: number | undefined, state: State<number>) => (state.exists() ? undefined : n))
   */
  exists(): boolean
  /**
   * The state, a copy of this call's own: changing it counts only when it is given to `update`.
   *
   * @throws StateMisuseError when there is none.
   * @example StateSpec.function((_key: string, n: number | undefined, state: State<number>) => (state.exists() ? state.get() : n))
   */
  get(): S
  /**
   * The state, or `undefined`.
   *
   * @example StateSpec.function((_key: string, n: number | undefined, state: State<number>) => (state.getOption() ?? 0) + (n ?? 0))
   */
  getOption(): S | undefined
  /**
   * Keeps this from now on.
   *
   * @throws StateMisuseError after `remove`, and while the key times out; UnsavableValueError for what is no value.
   * @example StateSpec.function((_key: string, n: number | undefined, state: State<number>) => state.update(n ?? 0))
   */
  update(state: S): void
  /**
   * Forgets the key.
   *
   * @throws StateMisuseError when there is no state, after `remove`, and while the key times out.
   * @example StateSpec.function((_key: string, n: number | undefined, state: State<number>) => (n === 0 ? state.remove() : state.update(n ?? 0)))
   */
  remove(): void
  /**
   * Whether the key has not been seen for longer than the spec's timeout. It is removed after this call, which has no value.
   *
   * @example StateSpec.function((key: string, _n: number | undefined, state: State<number>) => (state.isTimingOut() ? `${key} is gone` : 'here')).timeout('1h')
   */
  isTimingOut(): boolean
}

/** What the function did with the state. */
export type StateUse = 'untouched' | 'updated' | 'removed'

/** The state of the key at hand. `show` and `showTimingOut` turn it to the next one. */
export class StateHandle implements State<unknown> {
  #state: unknown
  #exists = false
  #timingOut = false
  #use: StateUse = 'untouched'

  /** @param held undefined when the key has no state */
  show(held: { readonly state: unknown } | undefined): void {
    this.#state = copyAgain(held?.state)
    this.#exists = held !== undefined
    this.#timingOut = false
    this.#use = 'untouched'
  }

  showTimingOut(held: { readonly state: unknown }): void {
    this.show(held)
    this.#timingOut = true
  }

  get use(): StateUse {
    return this.#use
  }

  exists(): boolean {
    return this.#exists
  }

  get(): unknown {
    if (!this.#exists) throw new StateMisuseError('State is not set')
    return this.#state
  }

  getOption(): unknown {
    return this.#exists ? this.#state : undefined
  }

  update(state: unknown): void {
    if (this.#use === 'removed') throw new StateMisuseError('Cannot update the state after it has been removed')
    if (this.#timingOut) throw new StateMisuseError('Cannot update the state that is timing out')
    this.#state = state
    this.#exists = true
    this.#use = 'updated'
  }

  remove(): void {
    if (this.#timingOut) throw new StateMisuseError('Cannot remove the state that is timing out')
    if (this.#use === 'removed') throw new StateMisuseError('Cannot remove the state that has already been removed')
    this.#state = undefined
    this.#exists = false
    this.#use = 'removed'
  }

  isTimingOut(): boolean {
    return this.#timingOut
  }

  toString(): string {
    return this.#exists ? String(this.#state) : '<state not set>'
  }
}
