// The topics of a session, wherever they are: what dev itself asks of them.

import type { NewRecord } from '../event-source/embedded-topics.ts'
import type { SourceRecord, TopicSource } from '../event-source/topic-source.ts'

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
  last(topic: string): Promise<SourceRecord | undefined>
  /** Per partition, the offset that the next record gets. */
  ends(topic: string): Promise<readonly number[]>
  close(): Promise<void>
}
