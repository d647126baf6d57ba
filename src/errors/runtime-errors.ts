// Errors of running a job: its code, its records, its place in the table.

import { describeTask, type TaskRef } from '../names/tasks.ts'
import { describeCause, MillraceError } from './errors.ts'

/** A record that cannot be decoded, or on which an operator throws, under the policy `fail`. */
export class PoisonRecordError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** Of the record. */
  readonly offset: number
  constructor(task: TaskRef, offset: number, cause: unknown) {
    super(
      'POISON_RECORD',
      `${describeTask(task)}: the record at offset ${offset} cannot be processed: ${describeCause(cause).replace(/\.$/, '')}. Records before it are committed. ` +
        "Fix the job and deploy it again, or set onPoison: 'skip' or 'quarantine' to go on without such records.",
      { cause },
    )
    this.task = task
    this.offset = offset
  }
}

/** What the operators need is away: no record is to blame, and none is set aside. */
export class TransientFailureError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** Whether that is taken from all records having failed alike, and not from the error. */
  readonly alike: boolean
  /** @param records in words: `offsets 3 to 7`. */
  constructor(task: TaskRef, records: string, cause: unknown, alike: boolean) {
    const why = alike ? 'every record fails alike' : 'something is away'
    super(
      'TRANSIENT_FAILURE',
      `${describeTask(task)}: ${why}: ${describeCause(cause)}. Nothing of ${records} is committed, and none of these records was set aside: ` +
        'they will be delivered again. Look at what mapAsync calls. If the records are to blame after all, say so: mapAsync(f, { transient: () => false })' +
        (alike ? '; when they still fail after waitForFailed they are taken for bad ones.' : '.'),
      { cause },
    )
    this.task = task
    this.alike = alike
  }
}

/** An operator throws on a micro-batch although each record passes alone. */
export class OperatorError extends MillraceError {
  /** The task that it happened to: of a source, its topic-partition. */
  readonly task: TaskRef
  /** @param records in words: `offsets 3 to 7`. */
  constructor(task: TaskRef, records: string, cause: unknown) {
    super(
      'OPERATOR_FAILED',
      `${describeTask(task)}: the operators fail on ${records} together, though on no record alone: ${describeCause(cause)}. ` +
        'Look at mapPartitions functions and at anything they share; the records will be delivered again.',
      { cause },
    )
    this.task = task
  }
}

/** An element cannot be written in an output's format. */
export class UnencodableError extends MillraceError {
  readonly output: string
  constructor(output: string, cause: unknown) {
    super(
      'UNENCODABLE',
      `An element cannot be written to ${output}: ${describeCause(cause)}. Map it to something that the format has a form for.`,
      { cause },
    )
    this.output = output
  }
}

/** A topic has more partitions than its keyed state knows: keys are in other partitions than their state. */
export class PartitionAddedError extends MillraceError {
  constructor(job: string, topic: string, partition: number, count: number) {
    super(
      'PARTITION_ADDED',
      `A record of partition ${partition} of topic '${topic}' arrived, which had ${count} partitions when job '${job}' was deployed. The job's operators by ` +
        'key keep their state in the partitions (preservesPartitioning), and with another number of partitions Kafka sends keys ' +
        'elsewhere than where their state is. Copy the topic into a new one and run the job on that under a new name, or take preservesPartitioning ' +
        "out; if keys stay where they are (producers that choose partitions themselves), say preservesPartitioning({ newPartitions: 'join' }).",
    )
  }
}

/** Operators by key run in partitions, and nobody knows how many there are. */
export class PartitionsUnknownError extends MillraceError {
  constructor(job: string, topic: string) {
    super(
      'PARTITIONS_UNKNOWN',
      `Job '${job}' keeps state in the partitions of topic '${topic}' (preservesPartitioning), and how many it has is not known, so a new one ` +
        `could not be told from one that was only silent. Name the number: custom.millrace.kafka.partitions.${topic} in serverless.yml, or ` +
        `MILLRACE_PARTITIONS=${topic}=4 in the environment; or say preservesPartitioning({ newPartitions: 'join' }).`,
    )
  }
}

/** Two functions run jobs of one name in one table: each would take the other's commits for its own. */
export class JobNameTakenError extends MillraceError {
  constructor(job: string, owner: string, other: string, since: string) {
    super(
      'JOB_NAME_TAKEN',
      `The job '${job}' in this table belongs to '${other}' (since ${since}), and '${owner}' wants to run a job of that name too. ` +
        'Give one of the jobs another name or another table. If this function replaces the other, deploy it with lambda(job, { takeOver: true }).',
    )
  }
}

/** A record came from a topic that the job does not read. */
export class UnknownTopicError extends MillraceError {
  constructor(job: string, topic: string, known: readonly string[]) {
    super(
      'UNKNOWN_TOPIC',
      `A record of topic '${topic}' arrived, but job '${job}' reads ${known.join(', ')}. Remove the topic from the event source mapping or add it to the job.`,
    )
  }
}

/** A task has lost one commit after the other to other instances. */
export class ContentionError extends MillraceError {
  constructor(task: string, conflicts: number) {
    super('CONTENTION', `${task}: lost ${conflicts} commits in a row to other instances.`)
  }
}

/** A function of `foreachPartition`, or what connects it, throws. What it was called with is committed, and the call is made again. */
export class CallFailedError extends MillraceError {
  /** The task that has promised the call. */
  readonly task: TaskRef
  /** The id of the output. */
  readonly output: string
  /** The batch time, milliseconds. */
  readonly time: number
  /** Of the commit that has promised it. */
  readonly version: number
  constructor(task: TaskRef, output: string, time: number, version: number, cause: unknown) {
    super(
      'CALL_FAILED',
      `${describeTask(task)}: ${output} fails on batch ${time}: ${describeCause(cause)}. Its elements are committed (version ${version}), and it is called with the same ones, ` +
        'under the same id, before this task goes on; other tasks go on meanwhile. Look at what it writes to, or mend the function and deploy again.',
      { cause },
    )
    this.task = task
    this.output = output
    this.time = time
    this.version = version
  }
}

/** A commit has promised elements to a function that this code does not have (I7). */
export class UnknownCallError extends MillraceError {
  /** The task that has promised the call. */
  readonly task: TaskRef
  /** The id of the output. */
  readonly output: string
  constructor(task: TaskRef, output: string, time: number, version: number) {
    super(
      'UNKNOWN_CALL',
      `${describeTask(task)}: version ${version} has promised elements of batch ${time} to ${output}, and this code has no such output. Whether it was called is not known. ` +
        'Nothing was dropped, and the task waits: deploy code that has it (foreachPartition with the same id) and let the job come to rest, or give the call up by name: ' +
        `lambda(job, { accept: ['${output}'] }).`,
    )
    this.task = task
    this.output = output
  }
}

/** Positions could not be copied to a store of others (`mirror`). Nothing of the job waits for it. */
export class MirrorFailedError extends MillraceError {
  /** The store's name. */
  readonly store: string
  constructor(store: string, cause: unknown) {
    super(
      'MIRROR_FAILED',
      `Positions could not be written to ${store}: ${describeCause(cause)}. The job goes on and loses nothing; who looks there sees an older position until the next commit, or the next try at rest, ` +
        'gets through. Look whether it can be reached from where the job runs, and whether the job may write there.',
      { cause },
    )
    this.store = store
  }
}

/** Where a partition is to begin (`startingOffsets`) cannot be found out, or cannot be. */
export class StartingOffsetsError extends MillraceError {
  /** The task that was to begin. */
  readonly task: TaskRef
  constructor(task: TaskRef, what: string, options?: ErrorOptions) {
    super('STARTING_OFFSETS', `${describeTask(task)}, startingOffsets: ${what}.`, options)
    this.task = task
  }
}
