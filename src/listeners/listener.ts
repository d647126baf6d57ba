// What a job tells about itself: events of Spark's StreamingListener, StreamingQueryListener and SparkListener, with Spark's fields. What
// Spark puts into a class of its own around a value is handed over as that value. docs/guide/listeners.md says what each means here.

import type { OffsetRange } from '../sources/source.ts'

/** What comes of a listener's method: nothing. A promise is waited for at the end of the invocation, for some seconds. */
export type Heard = void | PromiseLike<void>

/**
 * Told what a job does, after the commit. Every method is optional; none can change a batch. One that throws is logged, one that hangs is
 * left behind.
 *
 * @example
 * const slow: Listener = {
 *   onBatchCompleted: ({ batchTime, totalDelay = 0 }) => {
 *     if (totalDelay > 60_000) console.warn('slow batch', batchTime)
 *   },
 * }
 */
export interface Listener {
  /** The first instance of the job has started. Spark: `SparkListener.onApplicationStart`. */
  onApplicationStart?(application: ApplicationStart): Heard
  /** Nothing is left to do: this instance is the last until records come. Spark: `SparkListener.onApplicationEnd`. */
  onApplicationEnd?(application: ApplicationEnd): Heard
  /** An instance has started. Spark: `StreamingListener.onStreamingStarted`. */
  onStreamingStarted?(streaming: StreamingStarted): Heard
  /** A batch is closed, by this instance. Spark: `StreamingListener.onBatchSubmitted`. */
  onBatchSubmitted?(batch: BatchInfo): Heard
  /** Its buckets are about to run. Spark: `StreamingListener.onBatchStarted`. */
  onBatchStarted?(batch: BatchInfo): Heard
  /** Everything of it is published. Spark: `StreamingListener.onBatchCompleted`. */
  onBatchCompleted?(batch: BatchInfo): Heard
  /** Spark: `StreamingListener.onOutputOperationStarted`. */
  onOutputOperationStarted?(output: OutputOperationInfo): Heard
  /** Spark: `StreamingListener.onOutputOperationCompleted`. */
  onOutputOperationCompleted?(output: OutputOperationInfo): Heard
  /** An instance has started. Spark: `StreamingQueryListener.onQueryStarted`. */
  onQueryStarted?(query: QueryStarted): Heard
  /** Everything of a batch is published. `JSON.stringify(progress)` has Spark's keys in Spark's order. Spark: `StreamingQueryListener.onQueryProgress`. */
  onQueryProgress?(progress: StreamingQueryProgress): Heard
  /** A wake-up has found nothing to close. Spark: `StreamingQueryListener.onQueryIdle`. */
  onQueryIdle?(query: QueryIdle): Heard
  /** An instance was refused, and will not run this job; or it ends and is told so. Spark: `StreamingQueryListener.onQueryTerminated`. */
  onQueryTerminated?(query: QueryTerminated): Heard
}

export type EventName = keyof Listener

/** Spark: `SparkListenerApplicationStart`. */
export interface ApplicationStart {
  /** The job's name. */
  readonly appName: string
  /** The same for every instance, as {@link StreamingQueryProgress.id}. */
  readonly appId: string
  /** The clock, milliseconds. */
  readonly time: number
}

/** Spark: `SparkListenerApplicationEnd`. */
export interface ApplicationEnd {
  /** The clock, milliseconds. */
  readonly time: number
}

/** Spark: `StreamingListenerStreamingStarted`. */
export interface StreamingStarted {
  /** The clock, milliseconds. */
  readonly time: number
}

/** Spark: `BatchInfo`. Times are the clock, milliseconds; absent while they are not known. */
export interface BatchInfo {
  /** T. */
  readonly batchTime: number
  /** What came in, by the number of the topic in the job. */
  readonly streamIdToInputInfo: Readonly<Record<number, StreamInputInfo>>
  /** Since when the batch could be run: T, or when the first of its records was committed if that was later. */
  readonly submissionTime: number
  /** When this instance began to close it. */
  readonly processingStartTime?: number
  /** When everything of it was published. */
  readonly processingEndTime?: number
  /** By the number of the output in the job. */
  readonly outputOperationInfos: Readonly<Record<number, OutputOperationInfo>>
  /** `processingStartTime - submissionTime`. */
  readonly schedulingDelay?: number
  /** `processingEndTime - processingStartTime`. */
  readonly processingDelay?: number
  /** `schedulingDelay + processingDelay`. */
  readonly totalDelay?: number
  /** Records that came in. */
  readonly numRecords: number
}

/** Spark: `StreamInputInfo`. */
export interface StreamInputInfo {
  /** The number of the topic in the job. */
  readonly inputStreamId: number
  /** Records that came in from it. */
  readonly numRecords: number
  /** Where they stand. */
  readonly metadata: {
    /** What a batch has read of each partition. */
    readonly offsets: readonly OffsetRange[]
    /** The same for people, a line per partition. */
    readonly Description: string
  }
}

/** Spark: `OutputOperationInfo`. Times are the clock, milliseconds; absent while they are not known. */
export interface OutputOperationInfo {
  /** T. */
  readonly batchTime: number
  /** The number of the output in the job. */
  readonly id: number
  /** What the output is called in the job: `print-0`, or where it writes. */
  readonly name: string
  /** The same, and the stage that writes it. */
  readonly description: string
  /** That of the batch: parts are published as they come, before and after. */
  readonly startTime?: number
  /** That of the batch. */
  readonly endTime?: number
  /** Never there: an output that fails is not completed, it is tried again. */
  readonly failureReason?: string
}

interface Query {
  /** Of the job: the same for every instance, in every deployment. */
  readonly id: string
  /** Of the instance. */
  readonly runId: string
}

/** Spark: `StreamingQueryListener.QueryStartedEvent`. */
export interface QueryStarted extends Query {
  /** The job's name. */
  readonly name: string
  /** ISO 8601, UTC. */
  readonly timestamp: string
}

/** Spark: `StreamingQueryListener.QueryIdleEvent`. */
export interface QueryIdle extends Query {
  /** ISO 8601, UTC. */
  readonly timestamp: string
}

/** Spark: `StreamingQueryListener.QueryTerminatedEvent`. */
export interface QueryTerminated extends Query {
  /** What the error says, if it is one that ends it. */
  readonly exception?: string
  /** Its code, of docs/errors.md. */
  readonly errorClassOnException?: string
}

/** Spark: `StreamingQueryProgress`, a batch at a time. */
export interface StreamingQueryProgress extends Query {
  /** The job's name. */
  readonly name: string
  /** When this instance began to close the batch; ISO 8601, UTC. */
  readonly timestamp: string
  /** T divided by the batch interval. */
  readonly batchId: number
  /** How long that took, milliseconds. */
  readonly batchDuration: number
  /** Records that came in, from all topics. */
  readonly numInputRows: number
  /** Of the batch interval. */
  readonly inputRowsPerSecond: number
  /** Of the time that the closing took; absent when that was no millisecond. */
  readonly processedRowsPerSecond?: number
  /** What took how long, milliseconds, by name: `addBatch` runs buckets and publishes, `walCommit` commits that the batch is closed, `triggerExecution` is all of it. */
  readonly durationMs: Readonly<Record<string, number>>
  /** Absent: nothing of a stream's event time is known here. */
  readonly eventTime?: Readonly<Record<string, string>>
  /** Empty: nothing is read to count keys. */
  readonly stateOperators: readonly unknown[]
  /** One per topic that the batch has records of. */
  readonly sources: readonly SourceProgress[]
  /** All outputs together. */
  readonly sink: SinkProgress
}

/** By topic and partition, offsets as Structured Streaming writes them. */
export type Offsets = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Spark: `SourceProgress`. */
export interface SourceProgress {
  /** `kafka[lines]`: what kind of source, and of what. */
  readonly description: string
  /** Of the partitions that had records in the batch: the first of them. */
  readonly startOffset: Offsets
  /** The offset after the last of them. */
  readonly endOffset: Offsets
  /** Null: asking the broker for its latest offsets would be a request. */
  readonly latestOffset: null
  /** Records that came in from it. */
  readonly numInputRows: number
  /** Of the batch interval. */
  readonly inputRowsPerSecond: number
  /** Of the time that the closing took; absent when that was no millisecond. */
  readonly processedRowsPerSecond?: number
}

/** Spark: `SinkProgress`. */
export interface SinkProgress {
  /** The job's outputs. */
  readonly description: string
  /** -1, as Spark says where it does not know. */
  readonly numOutputRows: number
}
