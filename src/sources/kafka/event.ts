// The Kafka event of AWS Lambda, as https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html and with-kafka.html
// document it. Both event source types differ only in `eventSource` and in `eventSourceArn` (MSK has one).

/** One record as Lambda delivers it: `key` and `value` are base64, header values arrays of byte values. */
export interface KafkaEventRecord {
  /** The topic's name. */
  readonly topic: string
  /** A number on AWS; some emulators and older runtimes send it as a string. */
  readonly partition: number | string
  /** In the partition, from 0. */
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** `CREATE_TIME` or `LOG_APPEND_TIME`. */
  readonly timestampType: string
  /** Base64; missing or null: the record has no key. An empty string: an empty key. */
  readonly key?: string | null
  /** Base64; missing or null: a tombstone. An empty string: an empty value. */
  readonly value?: string | null
  /** One object per header, in order, names may repeat; bytes come signed (-128..127) or unsigned. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[] | null
  /** Of the key's schema, when the mapping validates keys against a registry. */
  readonly keySchemaMetadata?: KafkaSchemaMetadata | null
  /** The same of the value's. */
  readonly valueSchemaMetadata?: KafkaSchemaMetadata | null
}

/** Present when the mapping validates records against a schema registry. */
export interface KafkaSchemaMetadata {
  /** As the registry calls it: `AVRO`, `JSON`, `PROTOBUF`. */
  readonly dataFormat: string
  /** Of the registry: a number of Confluent's, a UUID of Glue's. */
  readonly schemaId: string
}

/** The event; `records` is keyed by `<topic>-<partition>`. */
export interface KafkaEvent {
  /** Whether the mapping reads Amazon MSK or brokers elsewhere. */
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** Of the MSK cluster; others have none. */
  readonly eventSourceArn?: string
  /** Brokers, separated by commas. */
  readonly bootstrapServers?: string
  /** By partition, in the order of offsets. */
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>
}

/**
 * What a function answers when its mapping has `FunctionResponseTypes: ['ReportBatchItemFailures']`: per partition
 * (`<topic>-<partition>`) the first offset that was not processed.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export interface KafkaBatchResponse {
  /** One for each partition that has failed; none: everything is done. What comes from the offset on is delivered again. */
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number }
  }[]
}
