// Topics in this process: gone with it.

import { EmbeddedTopics } from '../event-source/embedded-topics.ts'
import { memorySource } from '../event-source/memory-source.ts'
import type { SourceRecord } from '../event-source/topic-source.ts'
import type { DevTopics } from './topics.ts'

export function memoryTopics(topics = new EmbeddedTopics()): DevTopics {
  const source = memorySource(topics)
  const partitionsOf = (topic: string): number[] => Array.from({ length: topics.partitionCount(topic) }, (_, i) => i)
  return {
    where: 'in memory',
    source,
    async ensure(names, partitions) {
      const missing = names.filter((name) => topics.partitionCount(name) === 0)
      for (const name of missing) topics.createTopic(name, { partitions })
      return missing
    },
    partitionCount: async (topic) => topics.partitionCount(topic),
    async append(records) {
      for (const record of records) topics.append(record)
    },
    async last(topic) {
      const lasts = partitionsOf(topic).flatMap((partition) => {
        const end = topics.endOffset({ topic, partition })
        return end === 0 ? [] : topics.read({ topic, partition, offset: end - 1 }, 1)
      })
      return latest(lasts)
    },
    ends: async (topic) => partitionsOf(topic).map((partition) => topics.endOffset({ topic, partition })),
    close: () => source.close(),
  }
}

export function latest(records: readonly SourceRecord[]): SourceRecord | undefined {
  return records.reduce<SourceRecord | undefined>(
    (last, record) => (last === undefined || record.timestamp > last.timestamp ? record : last),
    undefined,
  )
}
