// The numbers that stored records hold.

import type { Shape } from '../values/shape.ts'

/** Versions, sizes, and how many of something. */
export const count: Shape<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Timestamps may be fractions, and Kafka's -1. */
export const time: Shape<number> = (value): value is number =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
