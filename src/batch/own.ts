// What a combining function may change and return is its first argument (DESIGN §2a.3), and elements are everybody's: so
// what it begins with is a copy.

import { MillraceError } from '../errors/errors.ts'
import { copy } from '../values/copy.ts'

/** A copy of a value; what is none (an instance of a class, made inside the function of the batch) is nobody else's. */
export function own<T>(value: T): T
export function own(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    return copy(value)
  } catch (error) {
    if (error instanceof MillraceError) return value
    throw error
  }
}
