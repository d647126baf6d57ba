// The state that a keyed operator is born with. Every bucket is given all of it and takes what is its own, once: a cell remembers
// that the bucket was born, so that neither a restart nor new code that adds initial state to a running job applies it again.

import { type Pair, pairOf } from '../values/pairs.ts'

/** The cell that says that the initial state has been applied. */
export const INITIAL = 'initial'

/** The pairs of an initial state that belong to a bucket. @throws NotAPairError, InvalidKeyError */
export function initialState(initial: Iterable<unknown>, owns: (key: unknown) => boolean): Pair[] {
  return Array.from(initial, pairOf).filter(([key]) => owns(key))
}
