// Real Kafka for the poller's tests: the topic contract's view of it, and what the tests produce and read.

import { CompressionTypes, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { kafkaSource } from '../../../src/local/event-source/kafka-source.ts'
import type { TopicPartition } from '../../../src/local/event-source/topic-source.ts'
import { makeTopics } from '../../../src/local/topics/make-topics.ts'
import type { Produced, TopicService } from '../../local/event-source/topic-source.contract.ts'

/** A client that tests use to look at Kafka from the outside. */
export class KafkaService implements TopicService {
  readonly bootstrap: string
  readonly #kafka: Kafka
  readonly #producer: Producer

  constructor(bootstrap: string) {
    this.bootstrap = bootstrap
    this.#kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
    this.#producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  }

  async connect(): Promise<this> {
    await this.#producer.connect()
    return this
  }

  source() {
    // 6 s is Kafka's least; tests that kill a member wait that long.
    return kafkaSource({ brokers: this.bootstrap.split(','), sessionTimeoutMs: 6000 })
  }

  async createTopic(topic: string, numPartitions: number, config: Record<string, string> = {}): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await this.#admin((admin) => makeTopics(admin, [{ topic, numPartitions, configEntries }]))
  }

  /** One send per partition and at most 5,000 records each: one send over several loses records when a leader dies. */
  async append(records: readonly Produced[], compression = CompressionTypes.None): Promise<void> {
    const groups = Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`)
    for (const group of groups.values()) {
      for (let from = 0; from < group.length; from += 5000) {
        await this.#producer.send({
          topic: group[0]?.topic ?? '',
          compression,
          messages: group.slice(from, from + 5000).map((record) => ({
            partition: record.partition,
            key: record.key ?? null,
            value: record.value ?? null,
            ...(record.headers && { headers: headersOf(record.headers) }),
            ...(record.timestamp !== undefined && { timestamp: String(record.timestamp) }),
          })),
        })
      }
    }
  }

  async committed(groupId: string, { topic, partition }: TopicPartition): Promise<number | undefined> {
    const [found] = await this.#admin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
    const offset = Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1)
    return offset < 0 ? undefined : offset
  }

  async endOffset({ topic, partition }: TopicPartition): Promise<number> {
    const offsets = await this.#admin((admin) => admin.fetchTopicOffsets(topic))
    return Number(offsets.find((one) => one.partition === partition)?.high ?? 0)
  }

  /** Moves a group whose members have left back; false while one is still there. */
  async rewind(groupId: string, topic: string, partition: number, offset: number): Promise<boolean> {
    return this.setCommitted(groupId, topic, partition, offset).then(
      () => true,
      () => false,
    )
  }

  /** Deletes the records below `offset`, as retention does. */
  async deleteBelow(topic: string, partition: number, offset: number): Promise<void> {
    await this.#admin(async (admin) => {
      await admin.fetchTopicOffsets(topic) // or kafkajs does not know the leader
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
    })
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#admin((admin) => admin.deleteTopics({ topics: [topic] }))
  }

  async addPartitions(topic: string, count: number): Promise<void> {
    await this.#admin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }))
  }

  async setCommitted(groupId: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.#admin((admin) =>
      admin.setOffsets({ groupId, topic, partitions: [{ partition, offset: String(offset) }] }),
    )
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }

  async #admin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }
}

function headersOf(headers: NonNullable<Produced['headers']>): Record<string, Buffer | Buffer[]> {
  const byName: Record<string, Buffer[]> = {}
  for (const [name, value] of headers) byName[name] = [...(byName[name] ?? []), Buffer.from(value)]
  return byName
}
