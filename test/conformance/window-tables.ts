// The tables that several tests of streaming/WindowOperationsSuite.scala share.

import type { Batches, Pair } from './run.ts'

/** Batches of `(key, number)`, from one object per batch. */
function batchesOf<V>(...batches: readonly Readonly<Record<string, V>>[]): Batches<Pair<string, V>> {
  return batches.map((batch) => Object.entries(batch))
}

/** Windows of 4 s end after every second batch. */
export const LARGER_SLIDE_INPUT = batchesOf({ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { a: 5 }, { a: 6 }, {}, {})
export const LARGER_SLIDE_SUMS = batchesOf({ a: 3 }, { a: 10 }, { a: 18 }, { a: 11 })

/** Keys that come and go, twice. */
export const BIG_INPUT = batchesOf<number>(
  { a: 1 },
  { a: 1, b: 1 },
  { a: 1, b: 1, c: 1 },
  { a: 1, b: 1 },
  { a: 1 },
  {},
  { a: 1 },
  { a: 1, b: 1 },
  { a: 1, b: 1, c: 1 },
  { a: 1, b: 1 },
  { a: 1 },
  {},
)

export const BIG_GROUPS = batchesOf<number[]>(
  { a: [1] },
  { a: [1, 1], b: [1] },
  { a: [1, 1], b: [1, 1], c: [1] },
  { a: [1, 1], b: [1, 1], c: [1] },
  { a: [1, 1], b: [1] },
  { a: [1] },
  { a: [1] },
  { a: [1, 1], b: [1] },
  { a: [1, 1], b: [1, 1], c: [1] },
  { a: [1, 1], b: [1, 1], c: [1] },
  { a: [1, 1], b: [1] },
  { a: [1] },
)

export const BIG_SUMS: Batches<Pair<string, number>> = BIG_GROUPS.map((batch) =>
  batch.map(([key, ones]) => [key, ones.length] as const),
)

/** With an inverse and no filter a key that was ever seen stays, at 0. */
export const BIG_SUMS_BY_INVERSE = batchesOf<number>(
  { a: 1 },
  { a: 2, b: 1 },
  { a: 2, b: 2, c: 1 },
  { a: 2, b: 2, c: 1 },
  { a: 2, b: 1, c: 0 },
  { a: 1, b: 0, c: 0 },
  { a: 1, b: 0, c: 0 },
  { a: 2, b: 1, c: 0 },
  { a: 2, b: 2, c: 1 },
  { a: 2, b: 2, c: 1 },
  { a: 2, b: 1, c: 0 },
  { a: 1, b: 0, c: 0 },
)
