// Topics in a folder's database: what a job needs of Kafka, durable, for several processes of one machine at once. Offsets are dense,
// keys go where Kafka's default partitioner would put them, and a record that `append` has answered for survives kill -9.

import { InvalidOptionError } from '../../errors/errors.ts'
import { OffsetOutOfRangeError } from '../../errors/stand-in-errors.ts'
import { type FolderDatabase, openFolder } from '../../stores/folder-database.ts'
import { partitionOfKey } from '../event-source/partitioner.ts'
import type { NextOffset, SourceRecord, TopicPartition } from '../event-source/topic-source.ts'
import { Changes } from './changes.ts'
import type { Extent } from './cluster.ts'
import { raiseAll } from './group-rows.ts'
import { type NewRecord, type StoredRecord, sourceRecord, storedRecord } from './records.ts'
import { addPartitions, createTopic, deleteTopic, type Topic, topicOf, topicsOf } from './topic-rows.ts'

export type { NewRecord } from './records.ts'
export type { Topic } from './topic-rows.ts'

export interface FolderTopicsOptions {
  /** Milliseconds since the epoch; default: the machine's clock. */
  readonly now?: () => number
}

/** The topics of a folder, and what groups have committed. Calls answer at once; they throw what the port's promises reject with. */
export class FolderTopics {
  readonly directory: string
  /** Tells of what this and other processes change. */
  readonly changes: Changes
  readonly database: FolderDatabase
  readonly now: () => number
  /** The partition of the next record without a key, by topic. */
  readonly #turns = new Map<string, number>()

  /** @throws ServiceError when the folder cannot be opened */
  constructor(directory: string, { now = Date.now }: FolderTopicsOptions = {}) {
    this.database = openFolder(directory)
    this.directory = this.database.directory
    this.now = now
    this.changes = new Changes(this.database)
  }

  /**
   * Makes a topic.
   *
   * @throws InvalidOptionError when the name is none that Kafka allows, or taken
   */
  create(
    name: string,
    options: { readonly partitions?: number; readonly timestampType?: SourceRecord['timestampType'] } = {},
  ): void {
    this.#give(() => createTopic(this.database, name, options, this.now()))
  }

  /** All topics, by name. */
  list(): Topic[] {
    return topicsOf(this.database)
  }

  /** @throws TopicMissingError */
  topic(name: string): Topic {
    return topicOf(this.database, name)
  }

  has(name: string): boolean {
    return this.partitionCount(name) > 0
  }

  /** How many partitions a topic has; 0 when there is no such topic. */
  partitionCount(name: string): number {
    const sql = 'SELECT count(*) AS n FROM partitions WHERE topic = (SELECT id FROM topics WHERE name = ?)'
    return Number(this.database.get(sql, name)?.n)
  }

  /** @throws InvalidOptionError when there would be fewer than before */
  setPartitions(name: string, partitions: number): void {
    this.#give(() => addPartitions(this.database, topicOf(this.database, name), partitions))
  }

  /** Deletes a topic, its records, and what groups have committed of it. */
  delete(name: string): void {
    this.#give(() => deleteTopic(this.database, topicOf(this.database, name)))
  }

  /**
   * Appends records, all or none, and says where each went.
   *
   * @throws TopicMissingError, or InvalidOptionError when there is no such partition
   */
  append(records: readonly NewRecord[]): NextOffset[] {
    return this.#write(() => {
      const topics = new Map<string, Topic>()
      const ends = new Map<string, Extent>()
      const placed = records.map((record) => {
        const topic = topics.get(record.topic) ?? topicOf(this.database, record.topic)
        topics.set(record.topic, topic)
        const stored = storedRecord(record, topic, this.now())
        const partition = record.partition ?? this.#choose(topic, stored)
        const name = `${topic.id}/${partition}`
        const extent = ends.get(name) ?? this.extent({ topic: record.topic, partition })
        ends.set(name, { ...extent, next: extent.next + 1 })
        const { timestamp, key, value, headers } = stored
        const sql =
          'INSERT INTO records (topic, partition, position, timestamp, key, value, headers) VALUES (?, ?, ?, ?, ?, ?, ?)'
        this.database.run(sql, topic.id, partition, extent.next, timestamp, key, value, headers)
        return { topic: record.topic, partition, offset: extent.next }
      })
      for (const { topic, partition, next } of ends.values()) {
        const id = topics.get(topic)?.id ?? 0
        this.database.run('UPDATE partitions SET next = ? WHERE topic = ? AND partition = ?', next, id, partition)
      }
      return placed
    })
  }

  /** Where a partition begins and ends. */
  extent({ topic, partition }: TopicPartition): Extent {
    const { id, partitions } = topicOf(this.database, topic)
    const row = this.database.get('SELECT first, next FROM partitions WHERE topic = ? AND partition = ?', id, partition)
    if (!row) {
      throw new InvalidOptionError(`Topic "${topic}" has no partition ${partition}: it has ${partitions}, from 0.`)
    }
    return { topic, partition, first: Number(row.first), next: Number(row.next) }
  }

  /** Where all partitions of a topic begin and end, at one moment. */
  extents(topic: string): Extent[] {
    const { id } = topicOf(this.database, topic)
    const sql = 'SELECT partition, first, next FROM partitions WHERE topic = ? ORDER BY partition'
    return this.database.all(sql, id).map(({ partition, first, next }) => ({
      topic,
      partition: Number(partition),
      first: Number(first),
      next: Number(next),
    }))
  }

  /** Records `[offset, offset + max)` of a partition. */
  read({ topic, partition, offset }: NextOffset, max: number): SourceRecord[] {
    const { id, timestampType } = topicOf(this.database, topic)
    const sql =
      'SELECT position, timestamp, key, value, headers FROM records WHERE topic = ? AND partition = ? AND position >= ? ORDER BY position LIMIT ?'
    return this.database
      .all(sql, id, partition, offset, max)
      .map((row) => sourceRecord({ topic, partition, timestampType }, row))
  }

  /** The first offset whose record is at or after `timestamp`, or the end. */
  offsetAt({ topic, partition }: TopicPartition, timestamp: number): number {
    const sql =
      'SELECT position FROM records WHERE topic = ? AND partition = ? AND timestamp >= ? ORDER BY position LIMIT 1'
    const row = this.database.get(sql, this.topic(topic).id, partition, timestamp)
    return row ? Number(row.position) : this.extent({ topic, partition }).next
  }

  /** The next offset that a group has committed, if any. */
  committed(group: string, { topic, partition }: TopicPartition): number | undefined {
    const sql =
      'SELECT position FROM group_offsets WHERE name = ? AND partition = ? AND topic = (SELECT id FROM topics WHERE name = ?)'
    const row = this.database.get(sql, JSON.stringify(group), partition, topic)
    return row && Number(row.position)
  }

  /**
   * Commits for a group, or moves an idle one.
   *
   * @throws OffsetOutOfRangeError
   */
  commit(group: string, offsets: readonly NextOffset[]): void {
    this.#write(() => {
      for (const offset of offsets) {
        const { first, next } = this.extent(offset)
        if (offset.offset < first || offset.offset > next) throw new OffsetOutOfRangeError(offset, next)
        const sql = 'INSERT OR REPLACE INTO group_offsets (name, topic, partition, position) VALUES (?, ?, ?, ?)'
        this.database.run(sql, JSON.stringify(group), this.topic(offset.topic).id, offset.partition, offset.offset)
      }
    })
  }

  /** Records that a group has not committed yet, over all partitions of `topics`. */
  lag(group: string, topics: readonly string[]): number {
    const extents = topics.flatMap((topic) => (this.has(topic) ? this.extents(topic) : []))
    return extents.reduce((sum, extent) => sum + extent.next - (this.committed(group, extent) ?? extent.first), 0)
  }

  close(): void {
    this.changes.close()
    this.database.close()
  }

  #choose({ name, partitions }: Topic, { key }: StoredRecord): number {
    if (key) return partitionOfKey(key, partitions)
    const turn = ((this.#turns.get(name) ?? -1) + 1) % partitions
    this.#turns.set(name, turn)
    return turn
  }

  /** Other partitions than before: who reads which is given anew. */
  #give(action: () => void): void {
    this.#write(() => {
      action()
      raiseAll(this.database)
    })
  }

  #write<T>(action: () => T): T {
    const result = this.database.atomically(action)
    this.changes.tell()
    return result
  }
}
