// Accumulators, which combining functions may change (DESIGN §2a.3): so each must be the runtime's own. Partials have been
// decoded for the bucket, and are.

import { copyAgain, copyOf } from '../values/copy.ts'
import { isComposite, isTypedArray } from '../values/value.ts'

export interface Combining {
  /** Its functions are our own, and change no argument but what they have made themselves: nothing need be copied for them. */
  readonly changesNothing?: boolean
}

/** An accumulator must not be the element that it was made of, which others see, too, nor anything that the function keeps for itself. */
export function own(how: Combining, accumulator: unknown, key?: unknown): unknown {
  return how.changesNothing ? accumulator : copyOf(key, accumulator)
}

/** A partial has been decoded for the bucket, and is its own, as what is merged into it; in tests all that comes in is frozen. */
export function mutable(accumulator: unknown): unknown {
  if (!isComposite(accumulator)) return accumulator
  return Object.isFrozen(accumulator) || isTypedArray(accumulator) ? copyAgain(accumulator) : accumulator
}

/**
 * What is merged into an accumulator may become part of it: the greater of two, one more in a list. Others see it too, be it under another
 * key, and the next call may change it there, so it has to be a copy.
 */
export function merged(how: Combining, value: unknown, key?: unknown): unknown {
  return isComposite(value) ? own(how, value, key) : value
}

/** Puts counts together: all operators that count do it with this, and no other does. */
export function addCounts(a: number, b: number): number {
  return a + b
}
