// What a prediction takes for given: what the feed is like, which only its owner knows, and what was measured, with where. What is not
// said by whoever asks is assumed, and said to be.

import type { Architecture } from './prices.ts'

/** What a job is to read, and where it runs. */
export interface Load {
  /** Records a second, of all topics. */
  readonly rate: number
  /** Bytes of a record's value. */
  readonly size: number
  readonly region: string
  readonly architecture: Architecture
  /** MB. */
  readonly memory: number
  readonly partitions: number
  /** Seconds that Lambda gathers records: MaximumBatchingWindowInSeconds. */
  readonly window: number
  readonly batchSize: number
  /** Distinct keys, of operators by key. */
  readonly keys: number
  /** Elements that get to outputs and shuffles for each record: what filters leave, or flatMap makes. */
  readonly keep: number
  /** Bytes of what travels uncombined with a key: the value of a pair. */
  readonly value: number
  /** Bytes after compression for one before it. */
  readonly compressed: number
  /** Provisioned pollers of all mappings; undefined: on demand. */
  readonly pollers: number | undefined
}

export const DEFAULTS = {
  region: 'us-east-1',
  architecture: 'arm64',
  /** The Serverless Framework's. */
  memory: 1024,
  partitions: 4,
  /** Lambda's own for Kafka. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
  window: 0.5,
  batchSize: 10_000,
  keys: 1000,
  keep: 1,
  value: 20,
  compressed: 0.3,
} as const satisfies Partial<Load>

/** Why each default is as it is, for whoever did not give the figure. */
export const ASSUMED: Readonly<Record<keyof typeof DEFAULTS, string>> = {
  region: 'us-east-1',
  architecture: 'arm64, which costs a fifth less than x86',
  memory: "1024 MB, the framework's default",
  partitions: '4 partitions, and records of all of them in each event',
  window: "0.5 s, Lambda's own batching window for Kafka",
  batchSize: '10,000 records an event at most',
  keys: '1,000 distinct keys, all as likely',
  keep: 'every record gets to every output and shuffle',
  value: '20 bytes travel with a key where nothing is combined first',
  compressed: 'zstd makes 0.3 bytes of one (docs/bench.md: text 0.27, JSON 0.15)',
}

/**
 * Measured, in bytes. `entry`: what an item of a log has beside its elements (docs/bench.md: some 500; test/cost/prediction.test.ts:
 * 400 of record, 80 of keys and names, 110 of an object's own); `close`: one of the closing task, and `task` what it has for each task. `element`: what a
 * pair with a small number takes beside its key, packed.
 */
export const BYTES = {
  record: 400,
  names: 80,
  output: 110,
  close: 300,
  task: 25,
  element: 5,
  key: 10,
  text: 8,
} as const

/** Pairs of a key and a small number become so much smaller than text does (test/cost/predict.test.ts). */
export const PAIRS_PACKED = 0.6

/** Records below this are not compressed (`log/codec.ts`). */
export const COMPRESSED_FROM = 900

/** Larger outputs are staged as uploads of three requests, and are not in the item. */
export const INLINE_BYTES = 64 * 1024

/**
 * Milliseconds. Waits are AWS's words: DynamoDB answers in single-digit milliseconds, S3 takes some 100 for a small object
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html). CPU is of docs/bench.md, on one whole vCPU: a
 * record 2 us, a task's commit 0.25 ms with its requests.
 */
export const MS = { table: 6, object: 100, perRecord: 0.002, perCommit: 0.25, perInvocation: 2 } as const

/** MB of memory that come with one vCPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
export const MB_PER_CPU = 1769

/** What an event has for a record beside its value in base64: topic, offset, timestamp, names. */
export const EVENT_BYTES_PER_RECORD = 150
/** Lambda's limit of an event. */
export const EVENT_BYTES = 6 * 1024 * 1024

/** START, END, REPORT and a line of ours. */
export const LOG_BYTES_PER_INVOCATION = 800

/** What a log's key can take in a second. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
export const UNITS_PER_SECOND = 1000
