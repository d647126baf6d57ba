// Lambda's Kafka events, written by hand for tests.

import type { KafkaEvent, KafkaEventRecord } from '../../src/sources/kafka/event.ts'

export interface SimpleRecord {
  readonly offset: number
  readonly timestamp: number
  readonly value: string | null
  readonly key?: string
  readonly headers?: KafkaEventRecord['headers']
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

export function eventRecord(topic: string, partition: number, record: SimpleRecord): KafkaEventRecord {
  const { offset, timestamp, value, key, headers = [] } = record
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: 'CREATE_TIME',
    ...(key !== undefined && { key: base64(key) }),
    ...(value !== null && { value: base64(value) }),
    headers,
  }
}

/** An event of a self-managed cluster; keys of `partitions` are `<topic>-<partition>`. */
export function kafkaEvent(partitions: Readonly<Record<string, readonly SimpleRecord[]>>): KafkaEvent {
  const records = Object.entries(partitions).map(([name, list]) => {
    const dash = name.lastIndexOf('-')
    const [topic, partition] = [name.slice(0, dash), Number(name.slice(dash + 1))]
    return [name, list.map((record) => eventRecord(topic, partition, record))]
  })
  return { eventSource: 'SelfManagedKafka', bootstrapServers: 'localhost:9092', records: Object.fromEntries(records) }
}

/** Records at consecutive offsets from `from`, `step` milliseconds apart. */
export function lines(values: readonly string[], { from = 0, at = 0, step = 100 } = {}): SimpleRecord[] {
  return values.map((value, i) => ({ offset: from + i, timestamp: at + i * step, value }))
}
