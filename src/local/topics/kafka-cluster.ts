// A Kafka cluster as commands see it.

import kafkajs, { type Admin, type Producer } from 'kafkajs'
import { InvalidOptionError } from '../../errors/errors.ts'
import { GroupInUseError, TopicMissingError } from '../../errors/stand-in-errors.ts'
import { checkTopics, type KafkaSourceOptions, kafkaClient } from '../event-source/kafka-client.ts'
import type { Cluster, Extent, GroupPosition, GroupSummary } from './cluster.ts'
import { readKafka } from './kafka-read.ts'
import { producerOf, send } from './kafka-send.ts'
import { makeTopics } from './make-topics.ts'

// A CommonJS package: Node finds none of its names but the default.
const { AssignerProtocol } = kafkajs

/** @throws BrokerUnreachableError when nothing answers */
export async function kafkaCluster(options: KafkaSourceOptions): Promise<Cluster> {
  const client = kafkaClient(options)
  await checkTopics(client, [])
  const name = options.brokers.join(',')
  const admin = client.kafka.admin()
  await admin.connect()
  let producer: Producer | undefined

  const partitionsOf = async (topic: string): Promise<number> => {
    if (!(await admin.listTopics()).includes(topic)) throw new TopicMissingError([topic], [name])
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  }
  const extents = async (topic: string): Promise<Extent[]> => {
    await partitionsOf(topic)
    const offsets = await admin.fetchTopicOffsets(topic)
    return offsets
      .map(({ partition, low, high }) => ({ topic, partition, first: Number(low), next: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  return {
    name,
    async topics() {
      const { topics } = await admin.fetchTopicMetadata()
      return topics
        .map(({ name: topic, partitions }) => ({
          name: topic,
          partitions: partitions.length,
          replicas: partitions[0]?.replicas.length ?? 0,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async create(topic, { partitions = -1, replicas = -1 }) {
      const made = await orRefused(topic, () =>
        makeTopics(admin, [{ topic, numPartitions: partitions, replicationFactor: replicas }]),
      )
      if (!made) throw new InvalidOptionError(`Topic "${topic}" exists already.`)
    },
    async setPartitions(topic, partitions) {
      const before = await partitionsOf(topic)
      if (before === partitions) return
      await orRefused(topic, () => admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] }))
    },
    async delete(topic) {
      await partitionsOf(topic)
      await admin.deleteTopics({ topics: [topic] })
    },
    extents,
    async offsetAt({ topic, partition }, time) {
      const [found, { topics }] = [
        await admin.fetchTopicOffsetsByTimestamp(topic, time),
        { topics: await admin.fetchTopicOffsets(topic) },
      ]
      const offset = Number(found.find((one) => one.partition === partition)?.offset ?? -1)
      const end = Number(topics.find((one) => one.partition === partition)?.high ?? 0)
      return offset >= 0 && offset < end ? offset : undefined
    },
    async append(records, compression) {
      if (!producer) {
        const connecting = producerOf(client)
        await connecting.connect()
        producer = connecting
      }
      return send(producer, records, partitionsOf, compression)
    },
    read: (spans, signal) => readKafka(options, spans, signal),
    async groups() {
      const { groups } = await admin.listGroups()
      return groups.map(({ groupId }) => groupId).sort()
    },
    group: (group) => groupOf(admin, group, extents),
    async moveGroup(group, offsets) {
      const members = (await groupOf(admin, group, extents))?.members.length ?? 0
      if (members > 0) throw new GroupInUseError(group, members)
      for (const [topic, some] of Map.groupBy(offsets, (one) => one.topic)) {
        const partitions = some.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
        await admin.setOffsets({ groupId: group, topic, partitions })
      }
    },
    async close() {
      await producer?.disconnect().catch(() => {})
      await admin.disconnect().catch(() => {})
      client.cut()
    },
  }
}

/** The broker's own words for what it refuses: a name, a number of partitions, a right that is missing. */
async function orRefused<T>(topic: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    // `createTopics` and `createPartitions` put the reasons of each topic into `errors`.
    const inner = cause instanceof Error && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors[0] : cause
    throw new InvalidOptionError(`Topic "${topic}": ${inner instanceof Error ? inner.message : String(inner)}.`, {
      cause,
    })
  }
}

async function groupOf(
  admin: Admin,
  name: string,
  extentsOf: (topic: string) => Promise<Extent[]>,
): Promise<GroupSummary | undefined> {
  const { groups } = await admin.describeGroups([name])
  const [group] = groups
  const committed = await admin.fetchOffsets({ groupId: name })
  // Kafka describes a group that it does not know as a dead one.
  if (!group || (group.state === 'Dead' && committed.length === 0)) return undefined
  const members = group.members.map(({ memberId, clientHost, memberAssignment }) => {
    const assigned = memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment)
    const partitions = Object.entries(assigned?.assignment ?? {}).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    return { id: memberId, host: clientHost, partitions }
  })
  const offsets = new Map<string, number>()
  for (const { topic, partitions } of committed)
    for (const { partition, offset } of partitions)
      if (Number(offset) >= 0) offsets.set(`${topic}/${partition}`, Number(offset))
  const topics = new Set([
    ...committed.map(({ topic }) => topic),
    ...members.flatMap(({ partitions }) => partitions.map(({ topic }) => topic)),
  ])
  const positions: GroupPosition[] = []
  for (const topic of [...topics].sort()) {
    for (const { partition, first, next } of await extentsOf(topic).catch(ifMissing)) {
      const offset = offsets.get(`${topic}/${partition}`)
      const at = { topic, partition, end: next, lag: Math.max(0, next - (offset ?? first)) }
      positions.push(offset === undefined ? at : { ...at, committed: offset })
    }
  }
  return { name, state: group.state, members, positions }
}

/** A group may have committed of a topic that is gone. */
function ifMissing(error: unknown): Extent[] {
  if (error instanceof TopicMissingError) return []
  throw error
}
