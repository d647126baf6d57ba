// What can be wrong with stored state itself, as opposed to the service that holds it (service-errors.ts). All of them
// stop the task: going on would mean a fresh start or a skipped range that nobody asked for (I7).

import { describeTask, type TaskRef } from '../names/tasks.ts'
import { MillraceError } from './errors.ts'

/** Entries of a commit log that should be there are not: expired, or deleted by hand. */
export class LogGapError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** First and last version that are missing. */
  readonly missingFrom: number
  readonly missingTo: number

  constructor(task: TaskRef, missingFrom: number, missingTo: number) {
    const missing = missingFrom === missingTo ? `version ${missingFrom}` : `versions ${missingFrom} to ${missingTo}`
    super(
      'LOG_GAP',
      `The commit log of ${describeTask(task)} lacks ${missing}, although later ones exist. Entries expire after the job's ` +
        '`retention`; otherwise they were deleted by hand. State from before the gap cannot be brought forward over it: ' +
        `read from a snapshot at version ${missingTo} or later, ask for a version after the gap, or restore the table ` +
        'from its point-in-time recovery.',
    )
    this.task = task
    this.missingFrom = missingFrom
    this.missingTo = missingTo
  }
}

/** An item would exceed DynamoDB's 400 KB. */
export class ItemTooLargeError extends MillraceError {
  readonly bytes: number
  readonly max: number

  constructor(what: string, bytes: number, max: number) {
    super(
      'ITEM_TOO_LARGE',
      `${what} has a body of ${bytes} bytes, and at most ${max} fit into an item of DynamoDB. What is larger has to be ` +
        'spilled to S3 before it is committed; if you see this from a job, please report it as a bug of Millrace.',
    )
    this.bytes = bytes
    this.max = max
  }
}

/** An item of the table is not in the shape that Millrace writes. */
export class UnreadableItemError extends MillraceError {
  readonly partitionKey: string
  readonly sortKey: string

  constructor(table: string, partitionKey: string, sortKey: string, problem: string, options?: ErrorOptions) {
    super(
      'UNREADABLE_ITEM',
      `Item pk="${partitionKey}" sk="${sortKey}" of table ${table} cannot be read: ${problem}. Somebody else has written to ` +
        'it: look at the item, and restore the table from its point-in-time recovery, or give the job a table of its own.',
      options,
    )
    this.partitionKey = partitionKey
    this.sortKey = sortKey
  }
}
