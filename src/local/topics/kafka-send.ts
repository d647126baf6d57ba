// Appending to topics of a Kafka cluster.

import kafkajs, { type CompressionTypes as CompressionType, type Message, type Producer } from 'kafkajs'
import { InvalidOptionError } from '../../errors/errors.ts'
import type { KafkaClient } from '../event-source/kafka-client.ts'
import { partitionOfKey } from '../event-source/partitioner.ts'
import type { Compression } from './cluster.ts'
import type { NewRecord } from './records.ts'

// A CommonJS package: Node finds none of its names but the default.
const { CompressionTypes } = kafkajs

const TYPES: Readonly<Record<Compression, CompressionType>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

/** Partitions are chosen here: kafkajs' own partitioners warn, and one of them is not Java's. */
export function producerOf(client: KafkaClient): Producer {
  const createPartitioner =
    () =>
    ({ message }: { readonly message: Message }): number =>
      message.partition ?? 0
  return client.kafka.producer({ createPartitioner, allowAutoTopicCreation: false })
}

/** The turn of records without a key goes on over calls, so that they spread evenly. */
let turn = 0

/** One send per partition: one over several loses records when a leader dies (kafkajs 2.2.4). */
export async function send(
  producer: Producer,
  records: readonly NewRecord[],
  partitionsOf: (topic: string) => Promise<number>,
  compression: Compression = 'none',
): Promise<Map<number, number>> {
  const topics = new Map<string, number>()
  for (const { topic } of records) if (!topics.has(topic)) topics.set(topic, await partitionsOf(topic))
  const placed = Map.groupBy(records, (record) => {
    const partitions = topics.get(record.topic) ?? 1
    const { key, partition } = record
    if (partition !== undefined && (partition < 0 || partition >= partitions)) {
      throw new InvalidOptionError(
        `Topic "${record.topic}" has no partition ${partition}: it has ${partitions}, from 0.`,
      )
    }
    const chosen =
      partition ??
      (key === null || key === undefined
        ? turn++ % partitions
        : partitionOfKey(typeof key === 'string' ? Buffer.from(key) : key, partitions))
    return `${record.topic}/${chosen}`
  })
  const counts = new Map<number, number>()
  await Promise.all(
    [...placed].map(async ([place, some]) => {
      const topic = place.slice(0, place.lastIndexOf('/'))
      const partition = Number(place.slice(topic.length + 1))
      await producer.send({
        topic,
        acks: -1,
        compression: TYPES[compression],
        messages: some.map((record) => messageOf(record, partition)),
      })
      counts.set(partition, (counts.get(partition) ?? 0) + some.length)
    }),
  )
  return counts
}

function messageOf({ key, value, headers = [], timestamp }: NewRecord, partition: number): Message {
  const byName = Map.groupBy(headers, ([name]) => name)
  return {
    partition,
    key: bufferOf(key),
    value: bufferOf(value),
    headers: Object.fromEntries(
      [...byName].map(([name, list]) => [name, list.map(([, bytes]) => bufferOf(bytes) ?? '')]),
    ),
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
  }
}

function bufferOf(value: string | Uint8Array | null | undefined): Buffer | null {
  return value === null || value === undefined ? null : Buffer.from(value)
}
