// Topics of a Kafka cluster (`--brokers`): made when they are missing, and given what a session produces.

import kafkajs from 'kafkajs'
import { BrokerUnreachableError } from '../../errors/stand-in-errors.ts'
import { quietAboutTimers } from '../../serverless/broker-topics.ts'
import { checkTopics, type KafkaSourceOptions, kafkaClient, withAdmin } from '../event-source/kafka-client.ts'
import { kafkaSource } from '../event-source/kafka-source.ts'
import { producerOf, send } from '../topics/kafka-send.ts'
import { makeTopics } from '../topics/make-topics.ts'
import type { DevTopics, NewRecord } from './topics.ts'

// A CommonJS package: Node finds none of its names but the default.
const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } = kafkajs

/** @param make topics that are missing; else they are an error */
export function kafkaTopics(options: KafkaSourceOptions, make = true): DevTopics {
  const restore = quietAboutTimers()
  const client = kafkaClient(options)
  const source = kafkaSource(options)
  const producer = producerOf(client)
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
        if (topics.length > 0) await makeTopics(admin, topics)
        return missing
      })
    },
    partitionCount,
    async append(records) {
      // One that failed is not kept: the cluster may be there the next time.
      connecting ??= producer.connect().catch((error: unknown) => {
        connecting = undefined
        throw error
      })
      await orAway(options, async () => {
        await connecting
        await send(producer, records, partitionCount)
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

/** A cluster that kafkajs has not got through to is away for a time; what it refuses is another matter. */
async function orAway(options: KafkaSourceOptions, action: () => Promise<void>): Promise<void> {
  const started = performance.now()
  try {
    await action()
  } catch (error) {
    if (!(error instanceof KafkaJSNumberOfRetriesExceeded || error instanceof KafkaJSConnectionError)) throw error
    throw new BrokerUnreachableError(options.brokers, performance.now() - started, error)
  }
}
