// The topics of a folder as commands see them.

import { InvalidOptionError } from '../../errors/errors.ts'
import { GroupInUseError } from '../../errors/stand-in-errors.ts'
import type { SourceRecord } from '../event-source/topic-source.ts'
import { Wakeable } from '../event-source/wakeable.ts'
import type { Cluster, GroupSummary, Span } from './cluster.ts'
import { FolderTopics } from './folder-topics.ts'
import { committedOf, deal, generationOf, groupNames, livingMembers } from './group-rows.ts'

/** Records at a time: some megabytes at most, and an end that is seen soon. */
const READ_AT_ONCE = 1000

/** How many records are written in one transaction: others wait for it, some 10 ms. */
const WRITTEN_AT_ONCE = 1000

export function folderCluster(directory: string): Cluster {
  const topics = new FolderTopics(directory)
  return {
    name: `the folder ${topics.directory}`,
    topics: async () => topics.list().map(({ name, partitions }) => ({ name, partitions })),
    create: async (topic, { partitions = 1 }) => topics.create(topic, { partitions }),
    setPartitions: async (topic, partitions) => topics.setPartitions(topic, partitions),
    delete: async (topic) => topics.delete(topic),
    extents: async (topic) => topics.extents(topic),
    async offsetAt(partition, time) {
      const offset = topics.offsetAt(partition, time)
      return offset < topics.extent(partition).next ? offset : undefined
    },
    async append(records, compression = 'none') {
      if (compression !== 'none')
        throw new InvalidOptionError(
          `--compression ${compression}: batches are of Kafka; topics of a folder have none.`,
        )
      const counts = new Map<number, number>()
      for (let from = 0; from < records.length; from += WRITTEN_AT_ONCE) {
        for (const { partition } of topics.append(records.slice(from, from + WRITTEN_AT_ONCE)))
          counts.set(partition, (counts.get(partition) ?? 0) + 1)
      }
      return counts
    },
    read: (spans, signal) => read(topics, spans, signal),
    groups: async () => groupNames(topics.database),
    group: async (name) => groupOf(topics, name),
    async moveGroup(name, offsets) {
      const members = livingMembers(topics.database, name, topics.now())
      if (members.size > 0) throw new GroupInUseError(name, members.size)
      topics.commit(name, offsets)
    },
    close: async () => topics.close(),
  }
}

async function* read(
  topics: FolderTopics,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<SourceRecord[]> {
  const changed = new Wakeable()
  const left = new Map(spans.map((span) => [span, span.offset]))
  const stopListening = topics.changes.listen(() => changed.wake())
  try {
    while (left.size > 0 && !signal.aborted) {
      const waiting = changed.wait(60_000, signal)
      let found = 0
      for (const [span, offset] of left) {
        const { until = Number.POSITIVE_INFINITY } = span
        const records = topics.read({ ...span, offset }, Math.min(READ_AT_ONCE, Math.max(0, until - offset)))
        const next = (records.at(-1)?.offset ?? offset - 1) + 1
        if (next >= until) left.delete(span)
        else left.set(span, next)
        found += records.length
        if (records.length > 0) yield records
      }
      if (found === 0 && left.size > 0) await waiting
      else changed.wake()
    }
  } finally {
    changed.wake()
    stopListening()
  }
}

function groupOf(topics: FolderTopics, name: string): GroupSummary | undefined {
  if (!groupNames(topics.database).includes(name)) return undefined
  const { members } = generationOf(topics.database, name)
  const living = livingMembers(topics.database, name, topics.now())
  const dealt = deal(members, (topic) => topics.partitionCount(topic))
  const committed = committedOf(topics.database, name)
  const read = new Set([...members.flatMap((member) => member.topics), ...committed.map(({ topic }) => topic)])
  const extents = [...read].sort().flatMap((topic) => (topics.has(topic) ? topics.extents(topic) : []))
  return {
    name,
    state: living.size > 0 ? 'Stable' : 'Empty',
    members: members
      .filter(({ id }) => living.has(id))
      .map(({ id, host }) => ({ id, host, partitions: dealt.get(id) ?? [] })),
    positions: extents.map(({ topic, partition, first, next }) => {
      const offset = committed.find((one) => one.topic === topic && one.partition === partition)?.offset
      return {
        topic,
        partition,
        end: next,
        lag: next - (offset ?? first),
        ...(offset !== undefined && { committed: offset }),
      }
    }),
  }
}
