// The public surface of `millrace`, and nothing else.

import './needs-node.ts'

export { InvalidOptionError, MalformedEventError, MillraceError, ServiceError, TransientError } from './errors.ts'
export { DecodeError, type Decoder, json, nullable, raw, text } from './formats/decode.ts'
export type { CsvOptions } from './formats/encode.ts'
export { BatchFailedError, MigrationError, StateVersionError } from './operators/operator-errors.ts'
export { IncompatibleJobError } from './plan/schema.ts'
export {
  JobNameTakenError,
  OperatorError,
  PartitionAddedError,
  PartitionsUnknownError,
  PoisonRecordError,
  TransientFailureError,
  UnknownTopicError,
} from './runtime/runtime-errors.ts'
export type { KafkaHeader, KafkaRecord, RecordCoordinates } from './sources/kafka-record.ts'
export {
  LogLostError,
  OffsetGapError,
  TopicRecreatedError,
  UnreadableStateError,
} from './state/state-errors.ts'
export type { CsvArguments, CsvFileOptions, MapAsyncOptions } from './stream/basic-stream.ts'
export type { DStream, MappedStream } from './stream/dstream.ts'
export { type Duration, milliseconds, minutes, seconds } from './stream/duration.ts'
export { type Job, type JobContext, type JobOptions, job, type KafkaOptions, type PoisonPolicy } from './stream/job.ts'
export type { GapPolicy, NewPartitions, OffsetHoles } from './stream/nodes.ts'
export type { CombineOptions, PartitioningOptions, WindowReduceOptions } from './stream/pair-stream.ts'
export { type MappingFunction, StateSpec, type TimedMappingFunction } from './stream/state-spec.ts'
export type { VersionOptions } from './stream/state-version.ts'
export type { GroupsUpdate, KeyUpdate, TimedUpdate, UpdateOptions } from './stream/update-shapes.ts'
export type { State } from './stream/wide-nodes.ts'
export type { ShuffleOptions, Widen, WindowOptions } from './stream/windowed-stream.ts'
