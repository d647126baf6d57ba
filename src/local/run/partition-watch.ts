// How many partitions topics have, looked at while a run is up: Kafka gives a new one to a member of the group within seconds, and the
// job has to know of it before a batch closes without it (DESIGN §4).

import type { DevServices } from '../dev/services.ts'
import { pause } from '../event-source/wakeable.ts'

export type PartitionCounts = ReadonlyMap<string, number>

export interface PartitionWatchOptions {
  readonly topics: DevServices['topics']
  readonly counts: PartitionCounts
  /** Takes the new numbers; what it throws is told and tried again. */
  readonly onChange: (counts: PartitionCounts, words: string) => Promise<void>
  readonly onError: (error: unknown) => void
  /** As often as members of a group look (kafka-member.ts, `metadataMaxAge`). */
  readonly everyMs?: number
}

export interface PartitionWatch {
  stop(): Promise<void>
}

/** Looks until it is stopped. */
export function watchPartitions(options: PartitionWatchOptions): PartitionWatch {
  const { topics, onChange, onError, everyMs = 10_000 } = options
  const ended = new AbortController()
  let { counts } = options
  const look = async (): Promise<void> => {
    const found = [...counts.keys()].map(async (topic) => [topic, await topics.partitionCount(topic)] as const)
    // None: the topic is gone for now, which is not that it has fewer. A topic that was made anew shows in its records.
    const grown = (await Promise.all(found)).filter(([topic, count]) => count > (counts.get(topic) ?? 0))
    if (grown.length === 0 || ended.signal.aborted) return
    const next = new Map([...counts, ...grown])
    await onChange(
      next,
      grown.map(([topic, count]) => `${topic}: ${counts.get(topic) ?? 0} → ${count} partitions`).join(', '),
    )
    counts = next
  }
  const looking = (async () => {
    for (;;) {
      await pause(everyMs, ended.signal)
      if (ended.signal.aborted) return
      // Kafka that is away is told by who reads from it.
      await look().catch(onError)
    }
  })()
  return {
    async stop() {
      ended.abort()
      await looking
    },
  }
}
