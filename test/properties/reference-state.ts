// Spark's `mapWithState`, as plainly as possible.

import type { State } from '../../src/index.ts'
import { INITIAL, MAPPINGS, type Pair } from './functions.ts'
import { batch, type Held, type History, pairs } from './history.ts'
import type { JobNode } from './job-ast.ts'

/** @param tooOld whether a key that was last used then times out now */
export function mapWithState(
  { input, f, initial, timeout }: JobNode<'mapWithState'>,
  at: History,
  index: number,
  tooOld: (usedAt: number, time: number, timeout: number) => boolean,
): (time: number) => Pair[] {
  const held = new Map<string, Held>()
  at.states.set(index, held)
  let first = true
  return (time) => {
    if (first && initial) for (const [key, state] of INITIAL) held.set(key, { state, usedAt: time })
    first = false
    const emitted: (Pair | undefined)[] = []
    for (const [key, value] of pairs(batch(at, input, time))) {
      const state = new PlainState(held.get(key)?.state, false)
      emitted.push(MAPPINGS[f](time, key, value, state))
      if (state.value === undefined) held.delete(key)
      else held.set(key, { state: state.value, usedAt: time })
    }
    for (const [key, { state, usedAt }] of held) {
      if (timeout === undefined || !tooOld(usedAt, time, timeout)) continue
      emitted.push(MAPPINGS[f](time, key, undefined, new PlainState(state, true)))
      held.delete(key)
    }
    return emitted.filter((pair) => pair !== undefined)
  }
}

class PlainState implements State<number> {
  value: number | undefined
  readonly #timingOut: boolean

  constructor(value: number | undefined, timingOut: boolean) {
    this.value = value
    this.#timingOut = timingOut
  }

  exists = (): boolean => this.value !== undefined
  getOption = (): number | undefined => this.value
  isTimingOut = (): boolean => this.#timingOut
  get(): number {
    if (this.value === undefined) throw new Error('there is no state')
    return this.value
  }
  update(value: number): void {
    this.value = value
  }
  remove(): void {
    this.value = undefined
  }
}
