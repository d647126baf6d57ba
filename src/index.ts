// The public surface of `millrace`, and nothing else.

import './needs-node.ts'

export type { Batch, BatchFacts, Side } from './batch/batch.ts'
export type { Compare, SortOptions } from './batch/order.ts'
export type { PartitionOptions } from './batch/pairs.ts'
export { EmptyBatchError, NoBatchError, NoBroadcastError, UnequalBatchesError } from './errors/batch-errors.ts'
export { IncompatibleJobError } from './errors/deploy-errors.ts'
export {
  InvalidOptionError,
  MalformedEventError,
  MillraceError,
  retryable,
  ServiceError,
  TransientError,
} from './errors/errors.ts'
export type { ErrorCode, ErrorKind } from './errors/kinds.ts'
export { BatchFailedError, EffectFailedError, MigrationError, StateVersionError } from './errors/operator-errors.ts'
export {
  CallFailedError,
  JobNameTakenError,
  OperatorError,
  PartitionAddedError,
  PartitionsUnknownError,
  PoisonRecordError,
  TransientFailureError,
  UnknownCallError,
  UnknownTopicError,
} from './errors/runtime-errors.ts'
export { SqlColumnError, SqlError, SqlMissingError } from './errors/sql-errors.ts'
export {
  LogLostError,
  OffsetGapError,
  TopicRecreatedError,
  UnreadableStateError,
} from './errors/state-errors.ts'
export { DecodeError } from './errors/value-errors.ts'
export { type Decoder, json, nullable, raw, text } from './formats/decode.ts'
export type { CsvOptions } from './formats/encode.ts'
export type { Job, PoisonPolicy } from './graph/job.ts'
export type {
  ApplicationEnd,
  ApplicationStart,
  BatchInfo,
  Heard,
  Listener,
  Offsets,
  OutputOperationInfo,
  QueryIdle,
  QueryStarted,
  QueryTerminated,
  SinkProgress,
  SourceProgress,
  StreamInputInfo,
  StreamingQueryProgress,
  StreamingStarted,
} from './listeners/listener.ts'
export { type StatsReportOptions, statsReport } from './listeners/stats-report.ts'
export type { BroadcastOptions } from './operators/broadcast.ts'
export type { Aggregate } from './operators/event-time/aggregation.ts'
export type { EventTime } from './operators/event-time/stamp.ts'
export {
  type EventWindow,
  type FixedWindows,
  type SessionWindows,
  session,
  sliding,
  tumbling,
  type Windows,
  type WindowsOptions,
} from './operators/event-time/windower.ts'
export type { Group, OutputMode } from './operators/event-time/windows.ts'
export type { MapAsyncOptions, RetryOptions } from './operators/map-async.ts'
export type { NewPartitions } from './operators/operator.ts'
export type { PartitioningOptions } from './operators/preserves-partitioning.ts'
export type { State } from './operators/state-handle.ts'
export {
  type MappingFunction,
  type MapWithStateOptions,
  StateSpec,
  type TimedMappingFunction,
} from './operators/state-spec.ts'
export type { OrderOptions, StreamSortOptions } from './operators/take.ts'
export type { TopOptions } from './operators/top-by-key.ts'
export type { Transformed } from './operators/transform.ts'
export type { GroupsUpdate, KeyUpdate, TimedUpdate, UpdateOptions } from './operators/update-shapes.ts'
export type { WindowOptions } from './operators/window.ts'
export { type Duration, duration, milliseconds, minutes, seconds } from './options/duration.ts'
export type { CombineOptions, ShuffleOptions, StateOptions } from './options/shuffle.ts'
export type { VersionOptions } from './options/state-version.ts'
export type { Widen } from './options/widen.ts'
export type { CsvFileOptions } from './sinks/files/files.ts'
export type { ForeachPartitionOptions, PartitionContext } from './sinks/foreach-partition.ts'
export type { TableOptions } from './sinks/table.ts'
export type { KafkaOptions } from './sources/kafka/kafka.ts'
export type { GapPolicy, OffsetHoles } from './sources/kafka/kafka-source.ts'
export type { KafkaHeader, KafkaRecord, RecordCoordinates } from './sources/kafka/record.ts'
export type { OffsetsByPartition, StartingOffsets } from './sources/kafka/starting-offsets.ts'
export type { OffsetStore, PartitionOffset } from './sources/offset-store.ts'
export type { OffsetRange } from './sources/source.ts'
export type { SqlColumn, SqlColumns, SqlRow, SqlRowOf, SqlValue } from './sql/columns.ts'
export type { SqlOptions, SqlReturns, SqlTable } from './sql/options.ts'
export type { Broadcast, Load } from './stream/broadcast.ts'
export type { CsvArguments, DStream, MappedStream, SortedStream } from './stream/dstream.ts'
export type {
  DropDuplicatesOptions,
  EventStream,
  GroupByOptions,
  GroupedEvents,
  GroupOptions,
  LateOptions,
  WatermarkOptions,
} from './stream/event-stream.ts'
export { type JobContext, type JobOptions, job } from './stream/job.ts'
export { type BatchesOf, type StreamsOf, transform } from './stream/transform.ts'
export type { WindowReduceOptions } from './stream/windows.ts'
