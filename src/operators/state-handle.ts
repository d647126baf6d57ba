// Spark's `State`, as the function of `mapWithState` gets it. One handle serves all records of a batch (Spark: `StateImpl`);
// rules and messages are Spark's.

import { StateMisuseError } from '../errors/operator-errors.ts'
import { copyAgain } from '../values/copy.ts'

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
