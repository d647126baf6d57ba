// A member of a Kafka consumer group. kafkajs fetches and heartbeats at its own pace into buffers, so that an
// invocation of minutes costs no session; polls take from the buffers. Every rebalance is a new epoch that starts from
// the committed offsets. When the connection is lost for good, a new consumer takes over, for ever.

import type { Consumer, EachBatchPayload } from 'kafkajs'
import { describeCause } from '../../errors/errors.ts'
import { PartitionBuffer } from './kafka-buffer.ts'
import type { KafkaClient } from './kafka-client.ts'
import { startOffsets } from './kafka-offsets.ts'
import type { StartingPosition } from './mapping.ts'
import {
  fairShares,
  type GroupMember,
  type JoinOptions,
  type NextOffset,
  type PolledRecords,
  type PollOptions,
  partitionName,
  type SourceRecord,
  startOf,
  type TopicPartition,
} from './topic-source.ts'
import { pause, Wakeable } from './wakeable.ts'

/** Between attempts to get back to a cluster that is away: 0.2 s to 5 s. */
const backoffMs = (attempt: number): number => Math.min(5000, 200 * 2 ** Math.min(attempt, 10))

export class KafkaMember implements GroupMember {
  epoch = 0
  readonly #client: KafkaClient
  readonly #join: JoinOptions
  readonly #onEnd: (member: KafkaMember) => void
  readonly #wakeable = new Wakeable()
  readonly #ended = new AbortController()
  readonly #positioned = Promise.withResolvers<void>()
  #consumer: Consumer | undefined
  #buffers = new Map<string, PartitionBuffer>()
  #crashes = 0
  #commits = 0

  constructor(client: KafkaClient, join: JoinOptions, onEnd: (member: KafkaMember) => void) {
    this.#client = client
    this.#join = join
    this.#onEnd = onEnd
  }

  /** Joins the group; resolves when the positions of the first assignment are known. */
  async start(): Promise<void> {
    void this.#run()
    await this.#positioned.promise
  }

  assigned(): readonly TopicPartition[] {
    return [...this.#buffers.values()].map(({ partition }) => partition)
  }

  lag(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.lag, 0)
  }

  async poll({ maxRecords, maxWaitMs, signal }: PollOptions): Promise<PolledRecords> {
    const epoch = this.epoch
    const deadline = Date.now() + maxWaitMs
    for (;;) {
      const records = this.epoch === epoch ? this.#take(maxRecords) : []
      const wait = deadline - Date.now()
      if (records.length > 0 || this.epoch !== epoch || wait <= 0 || signal?.aborted) {
        return { epoch: this.epoch, records }
      }
      await this.#wakeable.wait(wait, signal)
    }
  }

  /** Everything of a partition below this offset has been handed out; undefined while some waits, or its position is not known. */
  handedOut(partition: TopicPartition): number | undefined {
    const buffer = this.#buffers.get(partitionName(partition))
    return buffer?.length === 0 ? buffer.position : undefined
  }

  async commit(epoch: number, offsets: readonly NextOffset[]): Promise<boolean> {
    // kafkajs does nothing for no offsets, and tells nobody so.
    if (offsets.length === 0) return epoch === this.epoch
    const list = offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }))
    const over = (): boolean => epoch !== this.epoch || this.#ended.signal.aborted
    for (let attempt = 0; !over() && this.#consumer; attempt++) {
      const before = this.#commits
      try {
        await this.#consumer.commitOffsets(list)
        // A consumer that is about to crash resolves without having done anything; only the event tells.
        if (this.#commits > before) return true
        throw new Error('The consumer is not running')
      } catch (error) {
        // A rebalance shows as an error here before the heartbeat notices; the epoch will end and with it this loop.
        this.#warn('Could not commit offsets, trying again', error)
        await pause(backoffMs(attempt), this.#ended.signal)
      }
    }
    return false
  }

  seek(next: NextOffset): void {
    const buffer = this.#buffers.get(partitionName(next))
    if (!buffer) return
    buffer.reset(next.offset)
    this.#consumer?.seek({ topic: next.topic, partition: next.partition, offset: String(next.offset) })
    this.#fetch(buffer)
  }

  pause(partition: TopicPartition): void {
    const buffer = this.#buffers.get(partitionName(partition))
    if (!buffer) return
    buffer.paused = true
    this.#consumer?.pause([{ topic: partition.topic, partitions: [partition.partition] }])
  }

  resume(partition: TopicPartition): void {
    const buffer = this.#buffers.get(partitionName(partition))
    if (!buffer) return
    buffer.paused = false
    this.#fetch(buffer)
    this.#wakeable.wake()
  }

  async close(): Promise<void> {
    if (!this.#end()) return
    // Leaving needs the coordinator; without it the session times out by itself, so this does not wait for long.
    await Promise.race([this.#consumer?.disconnect().catch(() => {}), pause(5000)])
    this.#client.cut()
  }

  kill(): void {
    if (!this.#end()) return
    this.#client.cut()
    this.#consumer?.disconnect().catch(() => {})
  }

  #end(): boolean {
    if (this.#ended.signal.aborted) return false
    this.#ended.abort()
    this.#positioned.resolve()
    this.#revoke()
    this.#onEnd(this)
    return true
  }

  /** One consumer after the other, each until it crashes; see kafka-client.ts for how long it tries by itself. */
  async #run(): Promise<void> {
    const { groupId, topics } = this.#join
    while (!this.#ended.signal.aborted) {
      const crashed = Promise.withResolvers<unknown>()
      const { sessionTimeoutMs: sessionTimeout = 10_000 } = this.#client.options
      const consumer = this.#client.kafka.consumer({
        groupId,
        sessionTimeout,
        heartbeatInterval: Math.min(1000, sessionTimeout / 3),
        // With kafkajs's 5000 a rebalance or a disconnect waits for an empty fetch of five seconds.
        maxWaitTimeInMs: 100,
        metadataMaxAge: 10_000, // notices new partitions
      })
      this.#consumer = consumer
      consumer.on('consumer.rebalancing', () => this.#revoke())
      consumer.on('consumer.group_join', ({ payload }) => this.#assign(consumer, payload.memberAssignment))
      consumer.on('consumer.commit_offsets', () => this.#commits++)
      consumer.on(
        'consumer.end_batch_process',
        ({ payload: { topic, partition, batchSize, firstOffset, lastOffset } }) => {
          if (consumer !== this.#consumer || batchSize > 0) return
          this.#buffers.get(partitionName({ topic, partition }))?.passOver(firstOffset, lastOffset)
        },
      )
      consumer.on('consumer.crash', ({ payload }) => crashed.resolve(payload.error))
      try {
        await consumer.connect()
        await consumer.subscribe({ topics: [...topics], fromBeginning: true })
        await consumer.run({ autoCommit: false, eachBatch: async (payload) => this.#push(consumer, payload) })
      } catch (error) {
        crashed.resolve(error)
        void consumer.disconnect().catch(() => {})
      }
      const ended = new Promise((resolve) => this.#ended.signal.addEventListener('abort', resolve))
      const cause = await Promise.race([crashed.promise, ended])
      if (this.#ended.signal.aborted) return
      this.#revoke()
      this.#warn('Lost Kafka, connecting again', cause)
      await pause(backoffMs(this.#crashes++), this.#ended.signal)
    }
  }

  #revoke(): void {
    this.epoch++
    this.#buffers = new Map()
    this.#wakeable.wake()
  }

  /** Called while kafkajs joins, before it fetches: it is kept from fetching until the positions are known. */
  #assign(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    if (this.#ended.signal.aborted) return
    const partitions = Object.entries(assignment).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    )
    this.epoch++
    this.#buffers = new Map(partitions.map((partition) => [partitionName(partition), new PartitionBuffer(partition)]))
    for (const { topic, partition } of partitions) consumer.pause([{ topic, partitions: [partition] }])
    void this.#position(this.epoch, consumer, partitions)
    this.#wakeable.wake()
  }

  async #position(epoch: number, consumer: Consumer, partitions: readonly TopicPartition[]): Promise<void> {
    const { groupId } = this.#join
    const startIn = (topic: string): StartingPosition => startOf(this.#join, topic)
    for (let attempt = 0; epoch === this.epoch; attempt++) {
      try {
        const starts = await startOffsets(this.#client, groupId, partitions, startIn)
        if (epoch !== this.epoch) return
        for (const { topic, partition, offset } of starts) {
          const buffer = this.#buffers.get(partitionName({ topic, partition }))
          if (!buffer || buffer.position !== undefined) continue
          buffer.reset(offset)
          consumer.seek({ topic, partition, offset: String(offset) })
          this.#fetch(buffer)
        }
        this.#crashes = 0
        // Held fast: after a rebalance LATEST would mean a later offset, and the records between would be lost.
        const fresh = starts.filter(({ committed, topic }) => !committed && startIn(topic).type !== 'TRIM_HORIZON')
        if (fresh.length > 0) await this.commit(epoch, fresh)
        this.#positioned.resolve()
        return
      } catch (error) {
        this.#warn("Could not read the group's offsets, trying again", error)
        await pause(backoffMs(attempt), this.#ended.signal)
      }
    }
  }

  #push(consumer: Consumer, { batch, isStale }: EachBatchPayload): void {
    // Stale: fetched before a seek that has not been carried out yet.
    if (consumer !== this.#consumer || isStale()) return
    const buffer = this.#buffers.get(partitionName(batch))
    if (!buffer) return
    const outcome = buffer.push(batch)
    if (outcome === 'anew') {
      this.#warn(`${batch.topic}-${batch.partition} begins anew at ${batch.firstOffset()}`, new Error('offset reset'))
    } else if (outcome === 'ahead') {
      consumer.seek({ topic: batch.topic, partition: batch.partition, offset: String(buffer.position) })
    }
    if (buffer.full) consumer.pause([{ topic: batch.topic, partitions: [batch.partition] }])
    this.#wakeable.wake()
  }

  #take(max: number): SourceRecord[] {
    const buffers = [...this.#buffers.values()].filter(({ paused }) => !paused)
    const shares = fairShares(
      buffers.map(({ length }) => length),
      max,
    )
    const records: SourceRecord[] = []
    for (const [index, buffer] of buffers.entries()) {
      const share = shares[index] ?? 0
      if (share === 0) continue
      const wasFull = !buffer.hungry
      buffer.take(share, records)
      if (wasFull) this.#fetch(buffer)
    }
    return records
  }

  /** Lets kafkajs fetch a partition, if its position is known and there is room. */
  #fetch(buffer: PartitionBuffer): void {
    if (buffer.paused || buffer.position === undefined || !buffer.hungry) return
    this.#consumer?.resume([{ topic: buffer.partition.topic, partitions: [buffer.partition.partition] }])
  }

  #warn(message: string, cause: unknown): void {
    const { log } = this.#client.options
    const { groupId } = this.#join
    if (log) log('warn', message, { groupId, cause: describeCause(cause) })
    else console.warn(`Kafka group ${groupId}: ${message} (${describeCause(cause)})`)
  }
}
