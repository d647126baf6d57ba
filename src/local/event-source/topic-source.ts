// The port between the poller and what it reads from: a member of a consumer group that hands out records in offset
// order per partition, and commits the group's offsets. Kafka and the embedded topics implement it; one contract suite.
//
// Fencing: everything a member hands out carries the epoch of its assignment. Every rebalance starts a new epoch, and
// a commit that names an older one does nothing. So work that was in flight when partitions were revoked cannot move
// the group's offsets, which is the same rule that Kafka's generation id enforces on the broker.

import { partitionName as nameOf } from '../../names/tasks.ts'
import type { StartingPosition } from './mapping.ts'

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition and the offset that is to be read next. */
export interface NextOffset extends TopicPartition {
  readonly offset: number
}

/** One record as Kafka holds it. */
export interface SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** `message.timestamp.type` of the topic: the producer's clock, or the broker's. */
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** In order; names may repeat. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[]
}

/** What `poll` hands out. */
export interface PolledRecords {
  /** The assignment these records belong to; see the top of this file. */
  readonly epoch: number
  /** In offset order within each partition; empty when nothing came in time or when the group was rebalanced. */
  readonly records: readonly SourceRecord[]
}

export interface PollOptions {
  readonly maxRecords: number
  /** How long to wait for the first record, in milliseconds. */
  readonly maxWaitMs: number
  /** Ends the wait early. */
  readonly signal?: AbortSignal
}

/** One member of a consumer group. */
export interface GroupMember {
  /** Rises with every rebalance, and when the member closes. */
  readonly epoch: number
  /** The partitions of the current epoch. */
  assigned(): readonly TopicPartition[]
  /** Records of the assigned partitions that have not been handed out yet, as far as it knows. */
  lag(): number
  /**
   * Hands out the next records of the assigned partitions, a fair share of each; never the same one twice per epoch,
   * unless `seek` went back. A poll during which the group is rebalanced hands out nothing.
   */
  poll(options: PollOptions): Promise<PolledRecords>
  /**
   * Commits the group's offsets. Resolves false, and commits nothing, when `epoch` is over; retries while the service
   * is unreachable and the epoch lasts.
   */
  commit(epoch: number, offsets: readonly NextOffset[]): Promise<boolean>
  /** Goes on from another offset in this epoch (a group's committed offsets are not touched). */
  seek(offset: NextOffset): void
  /** Hands out nothing more of a partition in this epoch. */
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** Leaves the group at once, so that others get its partitions. */
  close(): Promise<void>
  /** Vanishes as a crashed process does: the group notices when the session times out. */
  kill(): void
}

export interface JoinOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where to start in partitions for which the group has no committed offset. */
  readonly startingPosition: StartingPosition
  /** Topics that start elsewhere. An event source of Lambda has one place for all; jobs that run here may read several topics by one. */
  readonly startingPositions?: ReadonlyMap<string, StartingPosition>
}

/** Where to start in partitions of a topic. */
export function startOf(
  { startingPosition, startingPositions }: Pick<JoinOptions, 'startingPosition' | 'startingPositions'>,
  topic: string,
): StartingPosition {
  return startingPositions?.get(topic) ?? startingPosition
}

/** A place to read topics from. */
export interface TopicSource {
  /**
   * Joins a consumer group.
   *
   * @throws TopicMissingError when a topic does not exist
   * @throws BrokerUnreachableError when nothing answers
   */
  join(options: JoinOptions): Promise<GroupMember>
  /** Closes what the members share. Members that are still open are closed. */
  close(): Promise<void>
}

/** `<topic>-<partition>`: how a Lambda event names a partition. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return nameOf(topic, partition)
}

/**
 * Divides `max` records over partitions that hold `available` ones: equal shares, and what one cannot use goes to the
 * others, so that a busy partition does not starve a quiet one and no room is left unused.
 */
export function fairShares(available: readonly number[], max: number): number[] {
  const shares = available.map(() => 0)
  let left = max
  let hungry = available.map((_, index) => index).filter((index) => (available[index] ?? 0) > 0)
  while (left > 0 && hungry.length > 0) {
    const each = Math.max(1, Math.floor(left / hungry.length))
    for (const index of hungry) {
      const share = Math.min(each, left, (available[index] ?? 0) - (shares[index] ?? 0))
      shares[index] = (shares[index] ?? 0) + share
      left -= share
    }
    hungry = hungry.filter((index) => (shares[index] ?? 0) < (available[index] ?? 0))
  }
  return shares
}
