// What batches as a whole refuse: functions of `transform` and `foreachRDD` meet these.

import { MillraceError } from './errors.ts'

/** An action needs at least one element, and the batch has none. Spark: `UnsupportedOperationException("empty collection")`. */
export class EmptyBatchError extends MillraceError {
  /** The action: `reduce`, `first`, `max` or `min`. */
  readonly operation: string
  constructor(operation: string) {
    super(
      'EMPTY_BATCH',
      `${operation}: empty collection. A batch may have no elements: ask isEmpty() first, or use fold or take(1).`,
    )
    this.operation = operation
  }
}

/** The batches that `zip` is given do not fit. */
export class UnequalBatchesError extends MillraceError {
  constructor(message: string) {
    super('UNEQUAL_BATCHES', `${message} Give it one that was made of the other by map, or join by zipWithIndex.`)
  }
}

/** The function of `transform` gave back no batch. The message is Spark's in sense. */
export class NoBatchError extends MillraceError {
  constructor(operation: string, found: string) {
    super(
      'NO_BATCH',
      `${operation}: Transform function must not return ${found}. Return [] instead to represent no element as the result of transformation, and else a batch or a list.`,
    )
  }
}

/** A function is to see a value that was never loaded: no batch that loads it has come yet. */
export class NoBroadcastError extends MillraceError {
  /** Of the batch that was to be run, milliseconds. */
  readonly batchTime: number
  constructor(time: number) {
    super(
      'NO_BROADCAST',
      `withBroadcast: nothing has been loaded yet for the batch at ${time}. Make the broadcast from the stream that reads it, which has a batch whenever it is read; ` +
        'where the operator had a value and its state was given up, give it another id, and it is sent the value again.',
    )
    this.batchTime = time
  }
}
