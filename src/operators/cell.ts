// What cells have in common: how they change, and how their entries are saved and loaded.

import { describeValue, UnknownCellError } from '../errors/operator-errors.ts'

/** A change of state: a cell that was set, or deleted when `value` is undefined. */
export interface CellChange {
  /** Unique within the operator. */
  readonly cell: unknown
  readonly value: unknown
  readonly deleted: boolean
}

/** A value, as this code's version has it, of a value that older code left; `at` says where it was, for messages. */
export type Migrate = (value: unknown, at?: { readonly key: unknown }) => unknown

/** Values of this code's version. */
export const asIs: Migrate = (value) => value

/** How an entry stands in a cell. */
export interface Form<E> {
  save(entry: E): unknown
  /** @param loading refuses what the operator has not written */
  load(saved: unknown, loading: Loading): E
}

/** One for all cells of an operator: state of a million keys is loaded cell by cell. */
export class Loading {
  readonly #kind: string
  migrate: Migrate = asIs
  cell: unknown
  key: unknown

  constructor(kind: string) {
    this.#kind = kind
  }

  /** A value of a cell by key, as this code has it. */
  ofKey(value: unknown): unknown {
    return this.migrate === asIs ? value : this.migrate(value, { key: this.key })
  }

  refuse(): never {
    throw new UnknownCellError(this.#kind, describeCell(this.cell))
  }
}

/** Of a cell that holds one value of the user's. */
export const plain: Form<unknown> = {
  save: (value) => value,
  load: (saved, loading) => loading.ofKey(saved),
}

export interface Collection {
  cells(): Iterable<readonly [cell: unknown, value: unknown]>
  restore(cell: readonly unknown[], change: CellChange, loading: Loading): void
}

export type Log = (cell: unknown, value: unknown, deleted: boolean) => void

/** A cell in words. */
function describeCell(cell: unknown): string {
  return Array.isArray(cell) ? `[${cell.map(describeValue).join(', ')}]` : describeValue(cell)
}
