// What Lambda tells a failure destination, in its documented shape. Queues and topics of SNS learn which records were given up;
// S3 gets the whole event as well, as a text, and a Kafka topic a message for each record, with its event.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html, kafka-on-failure-destination.html

import { randomUUID } from 'node:crypto'
import type { Discarded } from './deliver.ts'
import { encodeEvent } from './encode-event.ts'
import type { EventSourceMapping } from './mapping.ts'
import { partitionName, type SourceRecord } from './topic-source.ts'

/** The pages name those of retries and size; the one for age is what Lambda says of streams. */
const CONDITIONS = {
  RetryAttemptsExhausted: 'RetryAttemptsExhausted',
  RecordTooLarge: 'MaximumPayloadSizeExceeded',
  MaximumRecordAgeExceeded: 'RecordAgeExceeded',
} as const satisfies Record<Discarded['reason'], string>

/** The word for retries in a Kafka topic's record is another one. */
const CONDITIONS_IN_KAFKA = { ...CONDITIONS, RetryAttemptsExhausted: 'RetriesExhausted' } as const

/** For a queue or a topic of SNS. */
export function failureRecord(mapping: EventSourceMapping, discarded: Discarded, now: number): object {
  return batchRecord(mapping, discarded, encodeEvent(mapping, discarded.records), now)
}

/** For S3: with the event, as it was or would have been. */
export function failureRecordWithPayload(mapping: EventSourceMapping, discarded: Discarded, now: number): object {
  const payload = encodeEvent(mapping, discarded.records)
  return { ...batchRecord(mapping, discarded, payload, now), payload }
}

/** For one message of a Kafka topic. */
export function failureMessage(
  mapping: EventSourceMapping,
  discarded: Discarded,
  record: SourceRecord,
  now: number,
): object {
  const payload = encodeEvent(mapping, [record])
  const recordInfo = { offset: String(record.offset), timestamp: iso(record.timestamp) }
  return {
    ...head(mapping, discarded, CONDITIONS_IN_KAFKA[discarded.reason], now),
    KafkaBatchInfo: { ...source(mapping), batchSize: 1, payloadSize: Buffer.byteLength(payload), recordInfo },
    payload: JSON.parse(payload),
  }
}

function batchRecord(mapping: EventSourceMapping, discarded: Discarded, payload: string, now: number): object {
  const partitions = Map.groupBy(discarded.records, partitionName)
  const recordsInfo = Object.fromEntries([...partitions].map(([name, records]) => [name, rangeOf(records)]))
  return {
    ...head(mapping, discarded, CONDITIONS[discarded.reason], now),
    KafkaBatchInfo: {
      batchSize: discarded.records.length,
      ...source(mapping),
      payloadSize: Buffer.byteLength(payload),
      recordsInfo,
    },
  }
}

function head({ functionName }: EventSourceMapping, discarded: Discarded, condition: string, now: number): object {
  const { error, invocations } = discarded
  return {
    requestContext: {
      requestId: error?.requestId ?? randomUUID(),
      functionArn: functionName,
      condition,
      approximateInvokeCount: invocations,
    },
    // Nothing answered where nothing was invoked.
    responseContext:
      invocations === 0
        ? null
        : { statusCode: 200, executedVersion: error?.executedVersion ?? '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: iso(now),
  }
}

function source({ eventSourceArn, bootstrapServers }: EventSourceMapping): object {
  return { ...(eventSourceArn !== undefined && { eventSourceArn }), bootstrapServers: bootstrapServers.join(',') }
}

function rangeOf(records: readonly SourceRecord[]): object {
  const [first, last] = [records[0], records.at(-1)]
  return {
    firstRecordOffset: String(first?.offset),
    lastRecordOffset: String(last?.offset),
    firstRecordTimestamp: iso(first?.timestamp ?? 0),
    lastRecordTimestamp: iso(last?.timestamp ?? 0),
  }
}

const iso = (time: number): string => new Date(time).toISOString()

/**
 * Where a record goes in S3: as Lambda names those of streams, the partition in the shard's place.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function failureKey(mapping: EventSourceMapping, { records }: Discarded, now: number): string {
  const [first] = records
  const time = iso(now).slice(0, 19).replaceAll(':', '.')
  const day = time.slice(0, 10).replaceAll('-', '/')
  return `aws/lambda/${mapping.uuid}/${first ? partitionName(first) : ''}/${day}/${time}-${randomUUID()}`
}
