// Where a group member starts in each of its partitions: at the group's committed offset, and where there is none, at
// the mapping's starting position. kafkajs knows only earliest and latest, so the positions are looked up here and set
// by `seek`.

import { type KafkaClient, withAdmin } from './kafka-client.ts'
import type { StartingPosition } from './mapping.ts'
import type { NextOffset, TopicPartition } from './topic-source.ts'

/** A position, and whether the group has committed it. */
export interface StartOffset extends NextOffset {
  readonly committed: boolean
}

/** The positions of `partitions` for a group. */
export function startOffsets(
  client: KafkaClient,
  groupId: string,
  partitions: readonly TopicPartition[],
  startOf: (topic: string) => StartingPosition,
): Promise<StartOffset[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  if (topics.length === 0) return Promise.resolve([])
  return withAdmin(client, async (admin) => {
    const committed = new Map<string, number>()
    for (const { topic, partitions: found } of await admin.fetchOffsets({ groupId, topics })) {
      // -1: nothing committed; -2: what kafkajs commits to reset to the earliest.
      for (const { partition, offset } of found)
        if (Number(offset) >= 0) committed.set(`${topic}/${partition}`, Number(offset))
    }
    const initial = new Map<string, number>()
    for (const topic of topics) {
      const needed = partitions.some((p) => p.topic === topic && !committed.has(`${topic}/${p.partition}`))
      if (!needed) continue
      const startingPosition = startOf(topic)
      if (startingPosition.type === 'AT_TIMESTAMP') {
        const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, startingPosition.timestamp)
        for (const { partition, offset } of offsets) initial.set(`${topic}/${partition}`, Number(offset))
      } else {
        const latest = startingPosition.type === 'LATEST'
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          initial.set(`${topic}/${partition}`, Number(latest ? high : low))
        }
      }
    }
    return partitions.map(({ topic, partition }) => {
      const key = `${topic}/${partition}`
      const offset = committed.get(key) ?? initial.get(key)
      // A partition younger than the metadata that was just read: an error, so that the caller looks again.
      if (offset === undefined) throw new Error(`No offsets known yet for ${topic}-${partition}`)
      return { topic, partition, offset, committed: committed.has(key) }
    })
  })
}
