// What the runtime tells whoever measures an invocation (lambda/invocation-line.ts). Nothing waits for it and nothing is read for it: where nobody
// measures, it costs a look at a property.

import type { TaskRef } from '../names/tasks.ts'

/** The steps of an invocation that take time, as DESIGN §3 names them. */
export type Step = 'load' | 'heal' | 'cut' | 'run' | 'commit' | 'publish' | 'close'

/** A micro-batch that was committed. */
export interface Taken {
  readonly records: number
  readonly duplicates: number
  /** Records that joined a later batch than their own. */
  readonly late: number
  readonly skipped: number
  readonly quarantined: number
  readonly missing: number
  readonly frontier: number
  /** Time of its last record, milliseconds; negative: it has none. */
  readonly newest: number
}

/** An entry that was, or was not, appended to a log. */
export interface Appended {
  /** What DynamoDB counts of it. */
  readonly itemBytes: number
  /** Of the whole record, wherever it is. */
  readonly bytes: number
  /** The clock at the entry before; undefined: it is the first. */
  readonly before: number | undefined
  readonly at: number
  readonly conflict: boolean
}

/** Called at once, and between two steps of an invocation. */
export interface Meter {
  /** Begins to take the time of a task: each call of what it returns ends a step. */
  laps(): (step: Step) => void
  took(task: TaskRef, taken: Taken): void
  appended(task: TaskRef, entry: Appended): void
  /** Values of a closed batch that were set aside. */
  quarantined(count: number): void
  /** Rows that came too late for their windows of event time. */
  lateRows(count: number): void
  closed(batches: number): void
  /** After a look at what can be closed: batches that have records and are open. */
  open(batches: number): void
  /** Batches of `foreachRDD` that wait: the first of them, undefined when none does any more. */
  waits(output: string, first: number | undefined): void
}
