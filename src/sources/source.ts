// What a source is: where records come from, how they are told from those that were committed, and how whoever delivers them
// is answered. A folder per source keeps all that is true of it (DESIGN §5, docs/decisions/057); the runtime knows this file only.
// Types of records and positions are held in method signatures: the runtime forgets them, and a source gets back what it has made.

import type { MillraceError } from '../errors/errors.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { JobRows } from '../stores/table.ts'
import type { OffsetStore, PartitionOffset } from './offset-store.ts'

/** A record as it was delivered. What is in it, its source alone knows. */
export type SourceRecord = object

/** Where a record stands in its feed, as rows and names may have it: an offset, a sequence number. */
export type Mark = number | string

/** What was read of one partition. Spark: `OffsetRange` of org.apache.spark.streaming.kafka010. */
export interface OffsetRange {
  /** Its name. */
  readonly topic: string
  /** Its number in the topic. */
  readonly partition: number
  /** Inclusive. */
  readonly fromOffset: number
  /** Exclusive. */
  readonly untilOffset: number
}

/** The records of one task in one event, in their order. */
export interface Delivery<R extends SourceRecord = SourceRecord> {
  readonly feed: string
  readonly task: string
  readonly records: readonly R[]
}

/** A delivery that was not committed whole, and why. */
export type FailedDelivery<R extends SourceRecord = SourceRecord> = Delivery<R> & { readonly error: unknown }

/**
 * What Lambda is told of records that it has to deliver again. It is the public type of what a handler answers: a source whose event
 * source wants another form of identifier (streams a sequence number, queues a message) makes it a union.
 */
export interface BatchResponse {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number }
  }[]
}

/** What a source may look at to tell what is new: where the task stands, and what helps in doubt. */
export interface Past<P = unknown> {
  readonly task: TaskRef
  /** As the head of the log has it; undefined: the task has committed no record yet. */
  readonly position: P | undefined
  /** Clock at that commit, milliseconds. */
  readonly at: number
  /** Version of the head. Versions are dense, and number 1 is a birth. */
  readonly version: number
  /** What an older version says; undefined when it has expired. Costs a read. */
  entryAt(version: number): Promise<{ readonly record: { readonly position: P | undefined } } | undefined>
  /** Rows of the job. Only for doubt: a warm micro-batch costs no read (I4). */
  readonly rows: JobRows
  /** How far a record's time may be ahead of the clock, milliseconds. */
  readonly clockSkew: number
  warn(facts: Readonly<Record<string, unknown>>, message: string): void
}

/** What of a delivery is new. */
export interface Cut<R extends SourceRecord = SourceRecord> {
  /** The delivered records themselves, in order, none twice and none that is committed. */
  readonly records: readonly R[]
  /** How many were dropped because they are committed already, or came twice. */
  readonly duplicates: number
  /** What did not come, and may be passed over, before the last of these records. */
  missingBefore(last: R): Missing
}

export interface Missing {
  readonly count: number
  /** What goes into quarantine about it, one line each. */
  readonly lines: readonly object[]
  /** What of it nothing explains, for the log. */
  readonly told?: readonly object[]
}

/**
 * What a definition says of one source: this is what the graph's node holds.
 */
export interface Source<R extends SourceRecord = SourceRecord> {
  readonly kind: SourceKind
  /** What it reads, by name: topics, streams, prefixes. Each is read by a program of its own. */
  readonly feeds: readonly string[]
  /** What the feed was called when the ids of operators behind it were derived. */
  readonly formerly?: string | undefined
  /** Where its event source is to begin in what was never read: at the latest, or at a time, milliseconds. Default: at the earliest. */
  readonly startsAt?: 'latest' | number
  /** Where its positions are copied to, for others. */
  readonly mirrors?: readonly OffsetStore[]
  /**
   * What user code sees of these records, one element each; a part that is decoded later is given to `whenRead` once, before
   * anybody has it. Runs for every micro-batch: no promise, copy or Buffer per record.
   */
  elements(records: readonly R[], whenRead?: (value: unknown) => void): unknown[]
}

/** What is true of all sources of a kind. Pure but for `cut`, and without `this`. What is asked per record is asked on the hot path. */
export interface SourceKind<R extends SourceRecord = SourceRecord, P = unknown, S extends Source = Source> {
  readonly name: string
  /** @throws InvalidOptionError for sources that cannot be in one job. */
  checkJob(job: string, sources: readonly S[]): void

  // Events

  /** What `eventSource` says in them, for messages. */
  readonly eventSources: readonly string[]
  /** The records of an event by task, without a copy; undefined: not this source's. @throws MalformedEventError */
  parse(event: Readonly<Record<string, unknown>>): Delivery<R>[] | undefined
  /** What tells the event source where to go on, when the function may answer (`ReportBatchItemFailures`). */
  answer(failed: readonly FailedDelivery<R>[]): BatchResponse['batchItemFailures']

  // Tasks

  /** The feed of a task; undefined: not a task of this source. Names of tasks of two kinds never meet. */
  feedOf(task: string): string | undefined
  /** The tasks of a feed that has `count` parts. */
  tasksOf(feed: string, count: number): string[]
  /** For logs. */
  taskFacts(task: string): Readonly<Record<string, unknown>>

  // Where a task stands

  /** What a position must look like, when it is written and when it is read. */
  isPosition(value: unknown): value is P
  /** Whether the records do not show that memory which stands there is behind the log. If it is all the same, the fence will tell. */
  isFresh(position: P | undefined, records: readonly R[]): boolean
  /** Step 3: what is new. `sources`: those of the job that read the feed. */
  cut(past: Past<P>, records: readonly R[], sources: readonly S[]): Promise<Cut<R>>
  /** And whether what it drops is what was committed. @throws when it is something else: dropping it would lose it (I7). */
  checkDropped(past: Past<P>, records: readonly R[], sources: readonly S[]): Promise<void>
  /** Where the task stands after these records, which were cut. `latest`: what a record's time may be at most. */
  after(past: Past<P>, records: readonly R[], latest: number): P
  /** The same place, said by a commit without records. */
  rest(position: P): P
  /** Whether a task that stands there has committed the record at `mark`. */
  isBeyond(position: P | undefined, mark: Mark): boolean
  /** Which of these records a task that stands there has to commit next. */
  nextOf(position: P | undefined, records: readonly R[]): Mark

  // Records

  markOf(record: R): Mark
  /** Milliseconds since the epoch; negative: it has none. */
  timeOf(record: R): number
  /** For people and listeners: what lies from one record of a task to another, both included. Default: marks are no offsets. */
  rangeOf?(task: string, first: Mark, last: Mark): OffsetRange
  /** What others are told of where a task stands. Default: marks are no offsets. */
  offsetOf?(task: string, position: P): PartitionOffset | undefined
  /** Of `count` buckets that of a record that belongs to none: by the record alone, however deliveries were cut (I2). */
  bucketOf(record: R, count: number): number
  /**
   * In names of objects: 20 characters or more, without `/`, that sort as records do. What is made of a record for a second time, because
   * an operator has moved the position back, has another name: `position` is where the task stood before it.
   */
  nameOf(record: R, position?: P): string
  /** For logs. */
  recordFacts(record: R): Readonly<Record<string, unknown>>
  /** For quarantine: where it was, and its bytes as they came. */
  describe(record: R): object
  /** For messages: `offsets 3 to 7`. */
  spanOf(records: readonly R[]): string
  /** The error that a record stops its task with. */
  poison(task: TaskRef, record: R, cause: unknown): MillraceError
}

/** The kind of the sources that read one feed: `job` lets no others be in one definition. */
export function kindOf([first]: readonly { readonly source: Source }[]): SourceKind {
  if (!first) throw new Error('a program without a source')
  return first.source.kind
}
