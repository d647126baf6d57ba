// Thrown where a value does not fit, by those who do not know of which column it is; whoever does makes a SqlColumnError of it.

import { SqlColumnError } from '../errors/sql-errors.ts'

export class Misfit extends Error {}

/** Where values are on their way. */
export interface Place {
  /** The batch's id. */
  readonly batch: string
  /** The table, or `result`. */
  readonly table: string
}

/** @throws SqlColumnError for a misfit; anything else as it is */
export function placed<T>(place: Place, column: string, row: () => number | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    throw new SqlColumnError(place.batch, place.table, column, row(), error.message)
  }
}
