// The port behind which commands see topics: a folder, or Kafka. One contract suite runs on both (test/local/topics/cluster.contract.ts).

import type { NextOffset, SourceRecord, TopicPartition } from '../event-source/topic-source.ts'
import type { NewRecord } from './records.ts'

/** What a partition holds: offsets `[first, next)`. */
export interface Extent extends TopicPartition {
  readonly first: number
  readonly next: number
}

export interface TopicSummary {
  readonly name: string
  readonly partitions: number
  /** How many brokers have each partition; absent in a folder. */
  readonly replicas?: number
}

/** What is to be read: offsets `[offset, until)`; without `until` it goes on until it is stopped. */
export interface Span extends NextOffset {
  readonly until?: number
}

export interface GroupMemberSummary {
  readonly id: string
  readonly host: string
  readonly partitions: readonly TopicPartition[]
}

/** Where a group stands in a partition. */
export interface GroupPosition extends TopicPartition {
  /** The next offset; undefined when it has committed none. */
  readonly committed?: number
  readonly end: number
  /** Records that it has not committed yet. */
  readonly lag: number
}

export interface GroupSummary {
  readonly name: string
  /** In Kafka's words: `Stable`, `Empty`, `PreparingRebalance` … */
  readonly state: string
  readonly members: readonly GroupMemberSummary[]
  readonly positions: readonly GroupPosition[]
}

/** Kafka's codecs. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof COMPRESSIONS)[number]

export interface Cluster {
  /** `the folder /x/.millrace`, `broker:9092`: for messages. */
  readonly name: string
  topics(): Promise<TopicSummary[]>
  /** @throws InvalidOptionError when the name is none, or taken */
  create(
    topic: string,
    options: { readonly partitions?: number | undefined; readonly replicas?: number | undefined },
  ): Promise<void>
  /** @throws TopicMissingError, or InvalidOptionError when there would be fewer */
  setPartitions(topic: string, partitions: number): Promise<void>
  /** @throws TopicMissingError */
  delete(topic: string): Promise<void>
  /** All partitions of a topic. @throws TopicMissingError */
  extents(topic: string): Promise<Extent[]>
  /** The first offset whose record is at or after `time`, milliseconds; undefined when there is none. */
  offsetAt(partition: TopicPartition, time: number): Promise<number | undefined>
  /**
   * Appends records, acknowledged by all replicas, and resolves with how many each partition got.
   *
   * @param compression of Kafka's batches; a folder has none
   * @throws TopicMissingError, InvalidOptionError for a compression in a folder
   */
  append(records: readonly NewRecord[], compression?: Compression): Promise<Map<number, number>>
  /** Records of the spans, in offset order within each partition; ends when all are read, or when `signal` aborts. */
  read(spans: readonly Span[], signal: AbortSignal): AsyncIterable<SourceRecord[]>
  groups(): Promise<string[]>
  /** Undefined when there is no such group. */
  group(name: string): Promise<GroupSummary | undefined>
  /** Moves a group that has no members, or makes one. @throws GroupInUseError, OffsetOutOfRangeError */
  moveGroup(name: string, offsets: readonly NextOffset[]): Promise<void>
  close(): Promise<void>
}
