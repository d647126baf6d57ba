// Topics of a Kafka cluster (`--brokers`): made when they are missing, and given what a session produces.

import kafkajs from 'kafkajs'
import { quietAboutTimers } from '../../serverless/partitions.ts'
import { checkTopics, type KafkaSourceOptions, kafkaClient, withAdmin } from '../event-source/kafka-client.ts'
import { kafkaSource } from '../event-source/kafka-source.ts'
import type { DevTopics, NewRecord } from './topics.ts'

// A CommonJS package: Node finds none of its names but the default.
const { Partitioners } = kafkajs

/** @param make topics that are missing; else they are an error */
export function kafkaTopics(options: KafkaSourceOptions, make = true): DevTopics {
  const restore = quietAboutTimers()
  const client = kafkaClient(options)
  const source = kafkaSource(options)
  const producer = client.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  let checked = false
  let connecting: Promise<void> | undefined
  /** What this session has produced last: to read a topic from its end is more than a sample is worth. */
  const lasts = new Map<string, NewRecord>()

  const partitionCount = async (topic: string): Promise<number> => {
    const { topics } = await withAdmin(client, (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
    return topics[0]?.partitions.length ?? 0
  }

  return {
    where: options.brokers.join(', '),
    source,
    async ensure(names, numPartitions) {
      // Says within seconds, and in words, that nothing answers.
      if (!checked) await checkTopics(client, make ? [] : names)
      checked = true
      if (!make) return []
      return withAdmin(client, async (admin) => {
        const there = new Set(await admin.listTopics())
        const missing = names.filter((name) => !there.has(name))
        const topics = missing.map((topic) => ({ topic, numPartitions }))
        if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true })
        return missing
      })
    },
    partitionCount,
    async append(records) {
      connecting ??= producer.connect()
      await connecting
      const byTopic = Map.groupBy(records, ({ topic }) => topic)
      await producer.sendBatch({
        acks: -1,
        topicMessages: Array.from(byTopic, ([topic, list]) => ({ topic, messages: list.map(message) })),
      })
      for (const record of records) lasts.set(record.topic, record)
    },
    last: async (topic) => lasts.get(topic),
    async ends(topic) {
      const offsets = await withAdmin(client, (admin) => admin.fetchTopicOffsets(topic))
      const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
      return Array.from(ends, (_, partition) => ends.get(partition) ?? 0)
    },
    async close() {
      await source.close()
      await producer.disconnect().catch(() => {})
      client.cut()
      restore()
    },
  }
}

function message({ key, value, headers, partition, timestamp }: NewRecord) {
  return {
    key: bytes(key),
    value: bytes(value),
    ...(headers !== undefined && { headers: headersOf(headers) }),
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
  }
}

const bytes = (value: string | Uint8Array | null | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value)

/** kafkajs writes a name that repeats as a list. */
function headersOf(headers: NonNullable<NewRecord['headers']>): Record<string, Buffer[]> {
  const byName = Map.groupBy(headers, ([name]) => name)
  return Object.fromEntries(
    Array.from(byName, ([name, values]) => [name, values.map(([, value]) => Buffer.from(value))]),
  )
}
