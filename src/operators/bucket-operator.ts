// The contract between a shuffle stage and the operators that run in its buckets. Operators are pure but for the state that
// they hold in memory; the stage feeds them one batch time after the other, in order, and takes what changed into the commit.

/** A change of state: a cell that was set, or deleted when `value` is undefined. Keys and values must survive the codec. */
export interface CellChange {
  /** Unique within the operator; a string, number, or array of plain values. What it means is the operator's own affair. */
  readonly cell: unknown
  readonly value: unknown
  readonly deleted: boolean
}

/** A value, as this code's version has it, of a value that older code left; `at` says where it was, for messages. */
export type Migrate = (value: unknown, at?: { readonly key: unknown }) => unknown

export const asIs: Migrate = (value) => value

/** The elements of one stream in one bucket at one batch time. */
export type Elements = readonly unknown[]

/** One operator in one bucket of a shuffle stage. */
export interface BucketOperator {
  /**
   * Runs batch `time`. Times ascend but need not be dense: batches without data at which nothing is due may be left out, and
   * an operator treats what it was not called for as empty.
   *
   * @param inputs the elements of each input at this time; undefined where an input has no batch at this time
   * (its slide is longer) or nothing came.
   * @returns the elements of the operator's stream, or undefined when it has no batch at this time.
   */
  run(time: number, inputs: readonly (Elements | undefined)[]): Elements | undefined

  /**
   * The earliest time after `time` at which this operator would emit something, or change state, even if nothing arrives:
   * a window that still holds elements, a timeout. Undefined: nothing would ever happen without data.
   */
  due(time: number): number | undefined

  /** What changed since the last call, in an order in which it can be applied again. */
  takeChanges(): CellChange[]

  /** All cells: what a snapshot holds. */
  cells(): Iterable<readonly [cell: unknown, value: unknown]>

  /**
   * Puts back a cell, from a snapshot or a change, into an operator that has run nothing yet.
   *
   * @param migrate makes what older code left into values of this code
   */
  restore(change: CellChange, migrate?: Migrate): void
}
