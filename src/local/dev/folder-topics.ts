// Topics of the session's folder: they stay, and other processes (`millrace produce`) may append to them.

import { folderSource } from '../topics/folder-source.ts'
import type { FolderTopics } from '../topics/folder-topics.ts'
import { type DevTopics, latest } from './topics.ts'

/** @param topics are closed by whoever opened them. */
export function folderTopics(topics: FolderTopics, where: string): DevTopics {
  const source = folderSource(topics)
  return {
    where,
    source,
    async ensure(names, partitions) {
      const missing = names.filter((name) => !topics.has(name))
      for (const name of missing) topics.create(name, { partitions })
      return missing
    },
    partitionCount: async (topic) => topics.partitionCount(topic),
    async append(records) {
      topics.append(records)
    },
    async last(topic) {
      if (!topics.has(topic)) return undefined
      const ends = topics.extents(topic).filter(({ first, next }) => next > first)
      return latest(ends.flatMap(({ partition, next }) => topics.read({ topic, partition, offset: next - 1 }, 1)))
    },
    ends: async (topic) => topics.extents(topic).map(({ next }) => next),
    close: () => source.close(),
  }
}
