// The topics of a session, wherever they are: what dev itself asks of them.

import type { SourceRecord, TopicSource } from '../event-source/topic-source.ts'
import type { NewRecord } from '../topics/records.ts'

export type { NewRecord }

export interface DevTopics {
  /** In words, for the banner. */
  readonly where: string
  /** What pollers read. */
  readonly source: TopicSource
  /** Makes the topics that are missing, and names them. */
  ensure(topics: readonly string[], partitions: number): Promise<string[]>
  partitionCount(topic: string): Promise<number>
  append(records: readonly NewRecord[]): Promise<void>
  /** The record that came last. */
  last(topic: string): Promise<Omit<NewRecord, 'timestamp' | 'partition'> | undefined>
  /** Per partition, the offset that the next record gets. */
  ends(topic: string): Promise<readonly number[]>
  close(): Promise<void>
}

/** The record with the greatest time. */
export function latest(records: readonly SourceRecord[]): SourceRecord | undefined {
  return records.reduce<SourceRecord | undefined>(
    (last, record) => (last === undefined || record.timestamp > last.timestamp ? record : last),
    undefined,
  )
}
