// Every code that Millrace throws, and who has to do something about it. A code that is not here does not compile, so none is
// without a kind; docs/errors.md has the same table, with the meaning of each. Where a code may have several causes, its kind is that of the likeliest.

/**
 * Who has to do something, for alarms:
 *
 * - `job`: change the job, its code or its options; the records or the state wait for it.
 * - `deployment`: change what is around the job: what is deployed where, permissions, places, topics and their mapping.
 * - `restore`: something that was stored is gone or damaged. Nothing goes on before somebody brings it back, or gives it up by name.
 * - `wait`: it may pass by itself, and records are delivered again. When it lasts, look at what it names.
 * - `report`: a bug of Millrace, which has stopped before it could do harm.
 */
export type ErrorKind = 'job' | 'deployment' | 'restore' | 'wait' | 'report'

/** The stable identifiers of errors: {@link MillraceError.code}. */
export type ErrorCode = keyof typeof KINDS

export const KINDS = {
  // Definition and configuration
  INVALID_OPTION: 'job',
  JOB_NAME_TAKEN: 'deployment',
  UNKNOWN_TOPIC: 'deployment',
  PARTITIONS_UNKNOWN: 'deployment',
  PARTITION_ADDED: 'deployment',
  INCOMPATIBLE_JOB: 'job',
  RECORDS_ON_THE_WAY: 'deployment',
  SUPERSEDED: 'wait',
  // Events and records
  MALFORMED_EVENT: 'deployment',
  UNDECODABLE: 'job',
  POISON_RECORD: 'job',
  OPERATOR_FAILED: 'job',
  UNENCODABLE: 'job',
  BATCH_FAILED: 'job',
  EFFECT_FAILED: 'wait',
  OFFSET_GAP: 'restore',
  POSITION_MOVED: 'deployment',
  STARTING_OFFSETS: 'deployment',
  TOPIC_RECREATED: 'deployment',
  CALL_FAILED: 'wait',
  UNKNOWN_CALL: 'deployment',
  TRANSIENT_FAILURE: 'wait',
  TRANSIENT: 'wait',
  MIRROR_FAILED: 'wait',
  // Values and state
  INVALID_KEY: 'job',
  NOT_A_PAIR: 'job',
  EVENT_TIME: 'job',
  EMPTY_BATCH: 'job',
  UNEQUAL_BATCHES: 'job',
  NO_BATCH: 'job',
  NO_BROADCAST: 'job',
  SQL_FAILED: 'job',
  SQL_COLUMN: 'job',
  SQL_MISSING: 'deployment',
  CYCLIC_VALUE: 'job',
  UNSAVABLE_VALUE: 'job',
  VALUE_CHANGED: 'job',
  STATE_TOO_LARGE: 'job',
  STATE_MISUSE: 'job',
  UNKNOWN_CELL: 'deployment',
  STATE_VERSION: 'deployment',
  MIGRATION_FAILED: 'job',
  LOG_LOST: 'restore',
  LOG_GAP: 'restore',
  UNREADABLE_STATE: 'restore',
  UNREADABLE_ITEM: 'restore',
  STAGED_OBJECT_LOST: 'restore',
  STAGED_ELSEWHERE: 'deployment',
  UNWRITABLE_RECORD: 'report',
  ITEM_TOO_LARGE: 'report',
  CONTENTION: 'deployment',
  // Services
  TABLE_MISSING: 'deployment',
  TABLE_FORBIDDEN: 'deployment',
  DYNAMODB_THROTTLED: 'wait',
  DYNAMODB_UNREACHABLE: 'wait',
  DYNAMODB_FOREIGN_ANSWER: 'deployment',
  DYNAMODB_FAILED: 'wait',
  BUCKET_LEFT_BEHIND: 'deployment',
  STACK_CHANGE_REFUSED: 'deployment',
  BUCKET_MISSING: 'deployment',
  BUCKET_FORBIDDEN: 'deployment',
  S3_THROTTLED: 'wait',
  S3_UNREACHABLE: 'wait',
  S3_FOREIGN_ANSWER: 'deployment',
  S3_FAILED: 'wait',
  QUEUE_MISSING: 'deployment',
  QUEUE_FORBIDDEN: 'deployment',
  SQS_THROTTLED: 'wait',
  SQS_UNREACHABLE: 'wait',
  SQS_FOREIGN_ANSWER: 'deployment',
  SQS_FAILED: 'wait',
  FUNCTION_MISSING: 'deployment',
  FUNCTION_FORBIDDEN: 'deployment',
  LAMBDA_THROTTLED: 'wait',
  LAMBDA_UNREACHABLE: 'wait',
  LAMBDA_FOREIGN_ANSWER: 'deployment',
  LAMBDA_FAILED: 'wait',
  DIRECTORY_FAILED: 'deployment',
  FOLDER_FAILED: 'deployment',
  FOLDER_BUSY: 'wait',
  // The command line
  NOT_FOUND: 'deployment',
  REFUSED: 'deployment',
  // A run in a process of its own
  ALREADY_STOPPED: 'deployment',
  // The event-source stand-in
  RECORD_TOO_LARGE: 'deployment',
  BROKER_UNREACHABLE: 'wait',
  BROKER_REFUSED: 'deployment',
  GROUP_IN_USE: 'deployment',
  TOPIC_MISSING: 'deployment',
  OFFSET_OUT_OF_RANGE: 'deployment',
  FAILURE_DESTINATION: 'wait',
  KAFKAJS_CHANGED: 'deployment',
  UNREADABLE_BATCH: 'deployment',
  // A run over a bounded range
  OBJECTS_DIFFER: 'deployment',
  RANGE_STALLED: 'wait',
  NO_TIME: 'job',
} as const satisfies Readonly<Record<string, ErrorKind>>
