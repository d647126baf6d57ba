// Ranges of Kafka's topics. The ends are asked for once, at the start. A member of a consumer group that nobody else has reads (kafkajs
// fetches for groups only), and commits nothing. The end of a range is reached when Kafka has nothing more before it, which is not
// the same as a record with the last offset: that may be compacted away, or the marker of a transaction.

import { randomUUID } from 'node:crypto'
import { RangeNotThereError, RangeStalledError } from '../../errors/batch-run-errors.ts'
import { InvalidOptionError } from '../../errors/errors.ts'
import { partitionName } from '../../names/tasks.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import {
  checkTopics,
  type KafkaClient,
  type KafkaSourceOptions,
  kafkaClient,
  withAdmin,
} from '../event-source/kafka-client.ts'
import { KafkaMember } from '../event-source/kafka-member.ts'
import type { SourceRecord, TopicPartition } from '../event-source/topic-source.ts'
import { pause } from '../event-source/wakeable.ts'
import { type Entry, entryFor, offsetOf, type Position } from '../offset-language.ts'
import {
  type BoundedPartition,
  type BoundedSource,
  type PieceLimits,
  Pieces,
  pieceLimits,
} from './bounded-partition.ts'

export interface KafkaRangeOptions {
  readonly kafka: KafkaSourceOptions
  readonly topics: readonly string[]
  /** Default: the start. */
  readonly from: readonly Entry<Position>[]
  /** Default: the end, as it is now. */
  readonly until: readonly Entry<Position>[]
}

/** A range whose end Kafka does not get to: a leader that is away comes back in less. */
const STALLED_AFTER_MS = 60_000
const POLL_RECORDS = 20_000

/** @throws TopicMissingError, BrokerUnreachableError, RangeNotThereError, InvalidOptionError for a range that ends before it begins. */
export async function openKafkaRange(options: KafkaRangeOptions): Promise<BoundedSource> {
  const client = kafkaClient({ clientId: 'millrace-batch', ...options.kafka })
  try {
    await checkTopics(client, options.topics)
    const ranges = await withAdmin(client, (admin) => rangesOf(admin, options))
    const limits = pieceLimits(ranges.length)
    const partitions = ranges.map((range) => new KafkaPartition(range, limits))
    const reader = new Reader(client, options.topics, partitions)
    await reader.start()
    return { partitions, warnings: () => [], close: () => reader.close() }
  } catch (error) {
    client.cut()
    throw error
  }
}

interface Range extends TopicPartition {
  readonly from: number
  readonly until: number
}

type Admin = Parameters<Parameters<typeof withAdmin>[1]>[0]

async function rangesOf(admin: Admin, { topics, from, until }: KafkaRangeOptions): Promise<Range[]> {
  const ranges: Range[] = []
  for (const topic of topics) {
    const byTime = new Map<number, Promise<ReadonlyMap<number, number>>>()
    const at = (time: number): Promise<ReadonlyMap<number, number>> => {
      const known = byTime.get(time) ?? offsetsAt(admin, topic, time)
      byTime.set(time, known)
      return known
    }
    const bounds = await admin.fetchTopicOffsets(topic)
    for (const { partition, low, high } of bounds.toSorted((a, b) => a.partition - b.partition)) {
      const has = {
        start: Number(low),
        end: Number(high),
        offsetAt: async (time: number) => (await at(time)).get(partition),
      }
      const first = await offsetOf(entryFor(from, topic, partition) ?? { kind: 'start', plus: 0 }, has)
      const last = await offsetOf(entryFor(until, topic, partition) ?? { kind: 'end', minus: 0 }, has)
      for (const offset of [first, last]) {
        if (offset < has.start || offset > has.end)
          throw new RangeNotThereError(topic, partition, offset, has.start, has.end)
      }
      if (last < first) {
        throw new InvalidOptionError(
          `The range of ${topic}-${partition} ends before it begins: --from is offset ${first} and --until, which is not read any more, ` +
            `is ${last}. Exchange them, or say of this partition where it begins and ends: --until ${partition}=end.`,
        )
      }
      ranges.push({ topic, partition, from: first, until: last })
    }
  }
  return ranges
}

/** A partition in which nothing is as late is not in it. */
async function offsetsAt(admin: Admin, topic: string, time: number): Promise<ReadonlyMap<number, number>> {
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, time)
  return new Map(found.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [[partition, Number(offset)]])))
}

class KafkaPartition implements BoundedPartition {
  readonly range: Range
  readonly topic: string
  readonly partition: number
  /** The offset that is to be handed out next, or a later one that is the first that there is. */
  position: number
  isOver = false
  readonly #pieces: Pieces
  #changed = Promise.withResolvers<void>()
  #failed: { readonly error: unknown } | undefined

  constructor(range: Range, limits: PieceLimits) {
    this.range = range
    this.topic = range.topic
    this.partition = range.partition
    this.position = range.from
    this.isOver = range.from >= range.until
    this.#pieces = new Pieces(limits)
  }

  get done(): number {
    const { from, until } = this.range
    return this.isOver ? 1 : (this.position - from) / (until - from)
  }

  /** Whether a whole piece waits to be taken. */
  get full(): boolean {
    return this.#pieces.ready
  }

  async next(): Promise<readonly KafkaEventRecord[] | undefined> {
    for (;;) {
      const piece = this.#pieces.take()
      if (piece || this.isOver) return piece
      if (this.#failed) throw this.#failed.error
      await this.#changed.promise
    }
  }

  push(record: SourceRecord): void {
    if (this.isOver || record.offset < this.position) return
    if (record.offset < this.range.until) this.#pieces.add(eventRecordOf(record))
    this.reach(record.offset + 1)
  }

  /** Everything before this offset has been handed out. */
  reach(offset: number): void {
    this.position = Math.max(this.position, offset)
    if (this.isOver || this.position < this.range.until) return
    this.isOver = true
    this.#pieces.end()
  }

  fail(error: unknown): void {
    this.#failed ??= { error }
    this.changed()
  }

  /** Whoever waits looks again. */
  changed(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

/** Reads all partitions through one member, and holds back those that have a piece that nobody has taken. */
class Reader {
  readonly #client: KafkaClient
  readonly #groupId = `millrace-batch-${randomUUID()}`
  readonly #member: KafkaMember
  readonly #byName: ReadonlyMap<string, KafkaPartition>
  readonly #held = new Set<string>()
  readonly #closing = new AbortController()
  #epoch = -1
  #running: Promise<void> = Promise.resolve()

  constructor(client: KafkaClient, topics: readonly string[], partitions: readonly KafkaPartition[]) {
    this.#client = client
    const join = { groupId: this.#groupId, topics, startingPosition: { type: 'TRIM_HORIZON' } as const }
    this.#member = new KafkaMember(client, join, () => {})
    this.#byName = new Map(partitions.map((one) => [partitionName(one.topic, one.partition), one]))
  }

  async start(): Promise<void> {
    if ([...this.#byName.values()].every(({ isOver }) => isOver)) return
    await this.#member.start()
    this.#running = this.#run().catch((error: unknown) => {
      for (const partition of this.#byName.values()) partition.fail(error)
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    await this.#member.close()
    // Nothing was committed in it; Kafka forgets it by itself when nobody may delete groups.
    const admin = kafkaClient(this.#client.options)
    await Promise.race([withAdmin(admin, (one) => one.deleteGroups([this.#groupId])).catch(() => {}), pause(2000)])
    admin.cut()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let movedAt = Date.now()
    while (!signal.aborted) {
      if (this.#epoch !== this.#member.epoch) this.#takeUp()
      const waiting = this.#holdBack()
      const { epoch, records } = await this.#member.poll({ maxRecords: POLL_RECORDS, maxWaitMs: 100, signal })
      if (epoch !== this.#epoch) continue // seeks go first
      let moved = waiting.length === 0
      for (const record of records) this.#byName.get(partitionName(record.topic, record.partition))?.push(record)
      for (const partition of this.#byName.values()) {
        const before = partition.position
        const reached = this.#member.handedOut(partition)
        if (reached !== undefined) partition.reach(reached)
        moved ||= partition.position > before
        if (partition.full || partition.isOver) partition.changed()
      }
      if (moved || records.length > 0) movedAt = Date.now()
      else if (Date.now() - movedAt > STALLED_AFTER_MS) throw stalled(waiting)
      if ([...this.#byName.values()].every(({ isOver }) => isOver)) return
    }
  }

  /** A new assignment begins where the group stands, which has committed nothing. */
  #takeUp(): void {
    this.#epoch = this.#member.epoch
    this.#held.clear()
    for (const partition of this.#byName.values()) {
      this.#member.seek({ ...partition.range, offset: partition.position })
    }
  }

  /** Those of which more is wanted. */
  #holdBack(): KafkaPartition[] {
    const waiting: KafkaPartition[] = []
    for (const [name, partition] of this.#byName) {
      const enough = partition.full || partition.isOver
      if (!enough) waiting.push(partition)
      if (enough === this.#held.has(name)) continue
      if (enough) {
        this.#held.add(name)
        this.#member.pause(partition.range)
      } else {
        this.#held.delete(name)
        this.#member.resume(partition.range)
      }
    }
    return waiting
  }
}

function stalled([first]: readonly KafkaPartition[]): unknown {
  if (!first) return new Error('nobody waits')
  const { topic, partition, position, range } = first
  return new RangeStalledError(topic, partition, position, range.until, STALLED_AFTER_MS / 1000)
}

function eventRecordOf({
  topic,
  partition,
  offset,
  timestamp,
  timestampType,
  key,
  value,
  headers,
}: SourceRecord): KafkaEventRecord {
  return {
    ...{ topic, partition, offset, timestamp, timestampType },
    ...(key !== null && { key: base64(key) }),
    ...(value !== null && { value: base64(value) }),
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
