// Topics in this process, for `npm run demo` and for `millrace dev` without Kafka: partitions with dense offsets, keys
// put where Kafka's default partitioner would put them, and the committed offsets of consumer groups. They last as
// long as the object.

import { InvalidOptionError } from '../../errors/errors.ts'
import { OffsetOutOfRangeError, TopicMissingError } from '../../errors/stand-in-errors.ts'
import { partitionOfKey } from './partitioner.ts'
import type { NextOffset, SourceRecord, TopicPartition } from './topic-source.ts'

/** What `append` takes; strings are encoded as UTF-8. */
export interface NewRecord {
  readonly topic: string
  /** Default: by the key, or, without one, the next partition in turn. */
  readonly partition?: number
  readonly key?: string | Uint8Array | null
  readonly value?: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string | Uint8Array>> | SourceRecord['headers']
  /** Milliseconds since the epoch; default: now. */
  readonly timestamp?: number
}

interface Topic {
  readonly partitions: SourceRecord[][]
  readonly timestampType: SourceRecord['timestampType']
  turn: number
}

/** The embedded topics and what groups have committed. */
export class EmbeddedTopics {
  readonly #topics = new Map<string, Topic>()
  readonly #committed = new Map<string, Map<string, number>>()
  readonly #listeners = new Set<() => void>()

  /**
   * Makes a topic.
   *
   * @param options.partitions default 1
   * @param options.timestampType default CREATE_TIME, Kafka's default: the record's own time
   * @throws InvalidOptionError when the name is none that Kafka allows, or taken
   */
  createTopic(
    name: string,
    options: { readonly partitions?: number; readonly timestampType?: SourceRecord['timestampType'] } = {},
  ): void {
    const { partitions = 1, timestampType = 'CREATE_TIME' } = options
    // org.apache.kafka.common.internals.Topic: 1 to 249 of these characters, not "." nor "..".
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
      throw new InvalidOptionError(`"${name}" is no topic name: use 1 to 249 letters, digits, ".", "_" or "-".`)
    }
    if (this.#topics.has(name)) throw new InvalidOptionError(`Topic "${name}" exists already.`)
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new InvalidOptionError(`Topic "${name}": ${partitions} partitions; it needs a whole number from 1.`)
    }
    this.#topics.set(name, { partitions: Array.from({ length: partitions }, () => []), timestampType, turn: 0 })
    this.#notify()
  }

  /** Names of all topics. */
  names(): string[] {
    return [...this.#topics.keys()]
  }

  /** How many partitions a topic has; 0 when there is no such topic. */
  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.partitions.length ?? 0
  }

  /** Appends a record and says where it went. */
  append(record: NewRecord): NextOffset {
    const topic = this.#topic(record.topic)
    const key = bytesOrNull(record.key)
    const partition = record.partition ?? choosePartition(topic, key)
    const log = topic.partitions[partition]
    if (!log) throw new InvalidOptionError(`Topic "${record.topic}" has no partition ${partition}.`)
    const offset = log.length
    const now = topic.timestampType === 'LOG_APPEND_TIME'
    log.push({
      topic: record.topic,
      partition,
      offset,
      timestamp: now ? Date.now() : (record.timestamp ?? Date.now()),
      timestampType: topic.timestampType,
      key,
      value: bytesOrNull(record.value),
      headers: headerList(record.headers),
    })
    this.#notify()
    return { topic: record.topic, partition, offset }
  }

  /** The offset that the next record of a partition gets. */
  endOffset({ topic, partition }: TopicPartition): number {
    return this.#topic(topic).partitions[partition]?.length ?? 0
  }

  /** Records `[from, from + max)` of a partition. */
  read({ topic, partition, offset }: NextOffset, max: number): SourceRecord[] {
    return (this.#topic(topic).partitions[partition] ?? []).slice(offset, offset + max)
  }

  /** The first offset whose record is at or after `timestamp`, or the end. */
  offsetAt({ topic, partition }: TopicPartition, timestamp: number): number {
    const log = this.#topic(topic).partitions[partition] ?? []
    const index = log.findIndex((record) => record.timestamp >= timestamp)
    return index === -1 ? log.length : index
  }

  /** The next offset that a group has committed, if any. */
  committed(groupId: string, { topic, partition }: TopicPartition): number | undefined {
    return this.#committed.get(groupId)?.get(`${topic}/${partition}`)
  }

  /** Commits for a group, or moves an idle one as `kafka-consumer-groups.sh --reset-offsets` does. */
  commit(groupId: string, offsets: readonly NextOffset[]): void {
    let group = this.#committed.get(groupId)
    if (!group) {
      group = new Map()
      this.#committed.set(groupId, group)
    }
    for (const next of offsets) {
      const end = this.endOffset(next)
      if (next.offset < 0 || next.offset > end) throw new OffsetOutOfRangeError(next, end)
      group.set(`${next.topic}/${next.partition}`, next.offset)
    }
  }

  /** Records that a group has not committed yet, over all partitions of `topics`. */
  lag(groupId: string, topics: readonly string[]): number {
    let lag = 0
    for (const topic of topics) {
      for (let partition = 0; partition < this.partitionCount(topic); partition++) {
        lag += this.endOffset({ topic, partition }) - (this.committed(groupId, { topic, partition }) ?? 0)
      }
    }
    return lag
  }

  /** Calls `listener` after every append and new topic, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name)
    if (!topic) throw new TopicMissingError([name], ['the embedded topics'])
    return topic
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }
}

function choosePartition(topic: Topic, key: Uint8Array | null): number {
  if (key) return partitionOfKey(key, topic.partitions.length)
  topic.turn = (topic.turn + 1) % topic.partitions.length
  return topic.turn
}

const bytes = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value)
const bytesOrNull = (value: string | Uint8Array | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : bytes(value)

function headerList(headers: NewRecord['headers']): SourceRecord['headers'] {
  if (headers === undefined) return []
  if (isHeaderList(headers)) return headers
  return Object.entries(headers).map(([name, value]) => [name, bytes(value)])
}

const isHeaderList = (headers: NonNullable<NewRecord['headers']>): headers is SourceRecord['headers'] =>
  Array.isArray(headers)
