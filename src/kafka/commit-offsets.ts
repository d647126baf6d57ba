// Kafka's OffsetCommit without being a member of the group: generation -1 and no member id. kafkajs has the request, but offers it only to
// consumers that have joined, which takes a rebalance each time; its own `setOffsets` joins for that. So its cluster is taken from where
// its clients take it.
// https://kafka.apache.org/documentation/#The_Messages_OffsetCommit

import type { Kafka } from 'kafkajs'
import { describeCause } from '../errors/errors.ts'
import { KafkajsChangedError } from '../errors/stand-in-errors.ts'
import type { PartitionOffset } from '../sources/offset-store.ts'

interface Cluster {
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
  findGroupCoordinator(group: { readonly groupId: string }): Promise<Broker>
}

interface Broker {
  offsetCommit(request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  }): Promise<unknown>
}

/** What a broker answers when the group has members: https://kafka.apache.org/documentation/#protocol_error_codes */
const HAS_MEMBERS = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS']

export async function commitFromOutside(
  kafka: Kafka,
  groupId: string,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const cluster = clusterOf(kafka)
  try {
    await cluster.connect()
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, some]) => ({
      topic,
      partitions: some.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }))
    await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', topics })
  } catch (error) {
    const type: unknown = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined
    if (typeof type !== 'string' || !HAS_MEMBERS.includes(type)) throw error
    throw new Error(
      `group ${groupId} has members, so Kafka takes no offsets from outside of it (${describeCause(error)}). Mirror to a group that nobody consumes by, not to that of the event source mapping`,
      { cause: error },
    )
  } finally {
    await cluster.disconnect().catch(() => {})
  }
}

function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  const create: unknown = symbol && Reflect.get(kafka, symbol)
  const cluster: unknown = typeof create === 'function' ? create({ allowAutoTopicCreation: false }) : undefined
  if (isCluster(cluster)) return cluster
  throw new KafkajsChangedError(
    'makes its clusters in another way than 2.2.4 does, so offsets cannot be committed from outside of a group',
  )
}

function isCluster(value: unknown): value is Cluster {
  if (typeof value !== 'object' || value === null) return false
  return ['connect', 'disconnect', 'findGroupCoordinator'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  )
}
