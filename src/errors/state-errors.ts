// What can be wrong with what a log says, as opposed to the service that holds it. Each stops the task: going on would
// be a fresh start or a skipped range that nobody asked for (I7).

import { describeTask, partitionOf, type TaskRef } from '../names/tasks.ts'
import { MillraceError } from './errors.ts'

/** A stored record or snapshot is damaged, foreign, or of a format that this code does not know. */
export class UnreadableStateError extends MillraceError {
  constructor(where: string, problem: string, options?: ErrorOptions) {
    super(
      'UNREADABLE_STATE',
      `Cannot read ${where}: ${problem}. Nothing was changed. Restore the item (point-in-time recovery of the table) or the object (a version of the bucket), then deliver again.`,
      options,
    )
  }
}

/** A record or snapshot that is about to be written is none that this code could read back: a bug, and nothing is written. */
export class UnwritableRecordError extends MillraceError {
  constructor(what: string, record: unknown) {
    super(
      'UNWRITABLE_RECORD',
      `What was to be written as ${what} could not be read back, so it was not written: ${outline(record)}. Nothing was changed. ` +
        'This is a bug in Millrace, probably about an input that nobody has thought of: report it with this message, and go back to the code ' +
        'that was deployed before, or take the input out of the topic.',
    )
  }
}

/** The numbers and names of a record, without the lists and bytes, which may be long and are of users. */
function outline(record: unknown): string {
  const plain = JSON.stringify(record, (_, value: unknown) =>
    Array.isArray(value) || ArrayBuffer.isView(value) ? '…' : typeof value === 'number' ? String(value) : value,
  )
  return plain.slice(0, 1000)
}

/** What one task has to save at once is more than anybody could read back. */
export class StateTooLargeError extends MillraceError {
  readonly bytes: number
  readonly max: number
  constructor(bytes: number, max: number) {
    super(
      'STATE_TOO_LARGE',
      `What has to be saved at once, a commit or the state of one bucket, has ${bytes} bytes before compression, and at most ${max} can be read ` +
        'back. Nothing was changed. Spread the keys over more buckets (numPartitions), keep less per key, or let keys time out.',
    )
    this.bytes = bytes
    this.max = max
  }
}

/** The log of a task that is known to have committed is empty, or ends before what it has committed. */
export class LogLostError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  constructor(task: TaskRef, found = 0, known = 0) {
    const end = found === 0 ? 'is empty' : `ends at version ${found}`
    const before = known === 0 ? 'the task has committed before' : `the task has committed version ${known}`
    super(
      'LOG_LOST',
      `The commit log of ${describeTask(task)} ${end} although ${before}: its items expired or were deleted. ` +
        'Starting afresh would process records twice. Restore the table from point-in-time recovery, or give the job another name to start over on purpose.',
    )
    this.task = task
  }
}

/** The newest entry that is left of a log is past its time: newer ones may have expired before it. */
export class LogExpiredError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** The newest version that is left, and when it was to be kept until, milliseconds. */
  readonly version: number
  readonly until: number
  /** @param record what is left says where the task stood. */
  constructor(task: TaskRef, version: number, until: number, record: unknown) {
    const left = whatIsLeft(record)
    super(
      'LOG_LOST',
      `The commit log of ${describeTask(task)} has expired: the newest entry that is left, version ${version}${left}, was to be kept until ` +
        `${isoTime(until)}, and what followed it may be gone. Entries outlive \`retention\` only while something runs: events or wake-ups have not come for ` +
        'longer than that (a stack removed, a mapping disabled, a queue lost). Going on from here could process records twice. Restore the table ' +
        `by its point-in-time recovery to a moment before ${isoTime(until)}, and set MILLRACE_TRUST_EXPIRED to the present time in the function's environment, so that ` +
        'entries past their time count; or give the job another name to start over on purpose, from where its consumer group stands.',
    )
    this.task = task
    this.version = version
    this.until = until
  }
}

/** Where a record says that its task stood: `, of 2026-11-30T12:00:00.000Z, at offset 17`. */
function whatIsLeft(record: unknown): string {
  if (typeof record !== 'object' || record === null) return ''
  const field = (name: string, of: object = record): unknown => Reflect.get(of, name)
  const position = field('position')
  const until = typeof position === 'object' && position !== null ? field('until', position) : undefined
  const closed = field('closedUntil')
  return [
    ` of ${isoTime(Number(field('at')))}`,
    ...(until === undefined ? [] : [`up to offset ${String(until)}`]),
    ...(closed === undefined ? [] : [`with batches up to ${isoTime(Number(closed))} closed`]),
  ].join(', ')
}

/** Any number, also one that is no time. */
function isoTime(millis: number): string {
  return Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : String(millis)
}

/** A topic was deleted and made again under a job that had read further: offsets mean other records now. */
export class TopicRecreatedError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  constructor(task: TaskRef, position: number, offset: number, detail: string) {
    super(
      'TOPIC_RECREATED',
      `The topic of ${describeTask(task)} seems to have been deleted and made again: ${detail}. The job has committed up to offset ` +
        `${position}, and now sees offset ${offset}. Dropping it as a duplicate would lose it. Give the job a new name to read the new topic from its beginning.`,
    )
    this.task = task
  }
}

/** Offsets are missing between what a task has committed and what arrived. */
export class OffsetGapError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** The first missing offset. */
  readonly from: number
  /** The first offset after the hole. */
  readonly until: number
  constructor(task: TaskRef, from: number, until: number) {
    super(
      'OFFSET_GAP',
      `${describeTask(task)}: offsets ${from} to ${until - 1} (${until - from}) are missing. The event source may have dropped a record that is too large ` +
        'for an event, Kafka may have deleted them by retention before they were read, or the consumer group was moved. If the records still exist and ' +
        `fit, move the group back to ${from}. If they are gone for good, say so and the job goes on without them, counted as missing: ${skipCommand(task, from, until)} ` +
        "(--table names the table). To do so always, set gaps: 'skip' or 'quarantine'; where offsets are not dense, set holes: 'compacted' | 'transactional' | 'filtered'.",
    )
    this.task = task
    this.from = from
    this.until = until
  }
}

function nameInShell(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}

/** The command that declares offsets of a source task missing. */
function skipCommand({ job, task }: TaskRef, from: number, until: number): string {
  const { topic, partition } = partitionOf(task)
  const range = until - from === 1 ? `--at ${from}` : `--at ${from} --until ${until}`
  return `millrace offsets skip ${nameInShell(job)} --topic ${topic} --partition ${partition} ${range} --execute`
}

/** An operator has moved a position back, and what comes is not what follows it. */
export class PositionMovedError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** The offset that it wants next. */
  readonly position: number
  /** The first that came. */
  readonly offset: number
  constructor(task: TaskRef, position: number, from: number, offset: number) {
    const { topic, partition } = partitionOf(task.task)
    super(
      'POSITION_MOVED',
      `${describeTask(task)}: an operator moved the position back from offset ${from}, ${position} is to come next, and the event source brings ${offset}. ` +
        `Nothing was skipped. Move the consumer group of the event source to ${position} as well: stop the mapping, wait until the group has no members, ` +
        `reset it (kafka-consumer-groups --reset-offsets, or --group of the command below), and start it again. If ${position} is no offset of a record any more ` +
        `(compaction, a transaction's marker, retention), set the position to the first that is: millrace offsets set ${nameInShell(task.job)} ${topic}:${partition} <offset> --execute. ` +
        `To take the move back: the same with ${from}.`,
    )
    this.task = task
    this.position = position
    this.offset = offset
  }
}
