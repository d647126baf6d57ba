// The topic itself, read to its end when all is done: what the jobs should have made of it follows from this alone, and from
// where silent partitions were moved on.

import type { Kafka } from 'kafkajs'
import { batchTimeOf } from '../../src/runtime/time.ts'
import { until } from '../local/event-source/until.ts'
import type { MovedOn } from './commits.ts'

export interface TopicRecord {
  readonly offset: number
  readonly timestamp: number
  readonly value: string
}

/** Makes a topic. Brokers that have just started say for a while that they are too few, and on a busy machine they time out. */
export async function createTopic(kafka: Kafka, topic: string, partitions: number): Promise<void> {
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  const wanted = { topic, numPartitions: partitions, replicationFactor: 3, configEntries }
  let problem: unknown
  const tried = async (): Promise<boolean> => {
    const admin = kafka.admin()
    try {
      await admin.connect()
      await admin.createTopics({ topics: [wanted], waitForLeaders: true }) // false when it is there, after a lost answer
      return true
    } catch (error) {
      problem = error
      return false
    } finally {
      await admin.disconnect().catch(() => undefined)
    }
  }
  await until(`topic ${topic} is made`, tried, 600_000).catch((error: unknown) => {
    throw new Error(String(error), { cause: problem })
  })
}

/** All records of a topic, by partition, in offset order. */
export async function readTopic(kafka: Kafka, topic: string, partitions: number): Promise<TopicRecord[][]> {
  const records = Array.from({ length: partitions }, (): TopicRecord[] => [])
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]))
  await admin.disconnect()
  const groupId = `recount-${crypto.randomUUID()}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, sessionTimeout: 60_000 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const list = records[batch.partition] ?? []
      for (const { offset, timestamp, value } of batch.messages) {
        // After a rebalance kafkajs may begin again.
        if (Number(offset) < list.length) continue
        list.push({ offset: Number(offset), timestamp: Number(timestamp), value: value?.toString() ?? '' })
      }
    },
  })
  await until(
    `all of ${topic} is read`,
    () => records.every((list, partition) => list.length === ends.get(partition)),
    600_000,
  )
  await consumer.disconnect()
  return records
}

/**
 * The batch time of every record of a partition: its timestamp, but at least the frontier, which moves from record to record
 * and where somebody moved the partition on (DESIGN §4).
 */
export function batchTimes(
  records: readonly Omit<TopicRecord, 'value'>[],
  movedOn: readonly MovedOn[],
  batch: number,
): number[] {
  const moves = [...movedOn]
  let frontier = 0
  return records.map(({ offset, timestamp }) => {
    while (moves[0] && moves[0].offset <= offset) frontier = Math.max(frontier, moves.shift()?.frontier ?? 0)
    frontier = Math.max(frontier, timestamp)
    return batchTimeOf(frontier, batch)
  })
}
