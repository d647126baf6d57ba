// The state that a keyed operator is born with. Every bucket is given all of it and takes what is its own, once: a cell remembers
// that the bucket was born, so that neither a restart nor new code that adds initial state to a running job applies it again.

import { type Pair, pairOf } from '../values/pairs.ts'

/** The cell that says that the initial state has been applied. */
export const BORN = 'initial'

/** Whether a key belongs to this bucket: `(key) => bucketOf(key, numPartitions) === bucket`. */
export type Owns = (key: unknown) => boolean

/** The pairs of an initial state that belong to a bucket. @throws NotAPairError, InvalidKeyError */
export function initialState(initial: Iterable<unknown>, owns: Owns): Pair[] {
  return Array.from(initial, pairOf).filter(([key]) => owns(key))
}

/** A cell `[kind, key]` as its key, wrapped because a key may be undefined. */
export function keyOfCell(kind: string, cell: unknown): { readonly key: unknown } | undefined {
  return Array.isArray(cell) && cell.length === 2 && cell[0] === kind ? { key: cell[1] } : undefined
}

/** Whether a cell is the one that says that the bucket was born. */
export function isBorn(cell: unknown): boolean {
  return Array.isArray(cell) && cell.length === 1 && cell[0] === BORN
}
