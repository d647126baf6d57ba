// Gathers one batch: until it has batchSize records, or the batching window is over, or the next record would take the
// event past 6 MB. The window opens when the first record arrives. What a filter holds back is no part of a batch, and counts
// as processed with it.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching

import { EventSize, PAYLOAD_LIMIT, recordBytes } from './encode-event.ts'
import { type RecordFilter, recordFilter } from './filter.ts'
import type { EventSourceMapping } from './mapping.ts'
import { type GroupMember, type NextOffset, partitionName, type SourceRecord } from './topic-source.ts'

/** How long a poll of an idle topic lasts; only sets how often the loop looks round. */
const IDLE_POLL_MS = 1000

/** Held back without a record between that the function gets: so many are committed without waiting for one. */
const MOST_HELD_BACK = 10_000

/** Records that go into one invocation; none when there is nothing to do but to commit what was held back. */
export interface Batch {
  readonly epoch: number
  readonly records: readonly SourceRecord[]
  /** Where partitions go on whose last records the filter held back; committed when all of the batch is done. */
  readonly heldBack: readonly NextOffset[]
}

/** A record that fits no event. The batch with the records before it comes first. */
export interface Oversized {
  readonly epoch: number
  readonly oversized: SourceRecord
  /** Bytes of an event with this record alone. */
  readonly bytes: number
}

/** Takes records from a member and cuts them into batches. Keeps, between calls, what did not fit into the last one. */
export class Gatherer {
  readonly #mapping: EventSourceMapping
  readonly #member: GroupMember
  readonly #limit: number
  readonly #filter: RecordFilter | undefined
  #epoch = -1
  #waiting: SourceRecord[] = []
  #next = 0
  /** Where each partition goes on whose last record was held back. */
  readonly #heldBack = new Map<string, NextOffset>()
  #countHeldBack = 0

  constructor(mapping: EventSourceMapping, member: GroupMember, limit: number = PAYLOAD_LIMIT) {
    this.#mapping = mapping
    this.#member = member
    this.#limit = limit
    this.#filter = recordFilter(mapping.filters)
  }

  /** The next batch, or a record that fits none; undefined when `signal` aborted or nothing came for a while. */
  async next(signal: AbortSignal): Promise<Batch | Oversized | undefined> {
    const { batchSize, maximumBatchingWindowMs } = this.#mapping
    let records: SourceRecord[] = []
    let size = new EventSize(this.#mapping)
    let deadline: number | undefined

    for (;;) {
      if (this.#member.epoch !== this.#epoch) {
        // Rebalanced: what was gathered belongs to somebody else now, or comes again from the committed offset.
        this.#epoch = this.#member.epoch
        this.#waiting = []
        this.#next = 0
        this.#forgetHeldBack()
        records = []
        size = new EventSize(this.#mapping)
        deadline = undefined
      }
      const full = this.#fill(records, size)
      if (full && records.length > 0) return this.#batch(records)
      if (full) return this.#takeOversized(size)
      if (records.length === 0 && this.#countHeldBack >= MOST_HELD_BACK) return this.#batch(records)

      if (records.length > 0) deadline ??= Date.now() + maximumBatchingWindowMs
      const maxWaitMs = deadline === undefined ? IDLE_POLL_MS : deadline - Date.now()
      if (signal.aborted) return undefined
      if (deadline !== undefined && maxWaitMs <= 0) return this.#batch(records)
      const polled = await this.#member.poll({ maxRecords: batchSize - records.length, maxWaitMs, signal })
      if (polled.epoch === this.#epoch) this.#keep(polled.records)
      if (records.length > 0 || polled.records.length > 0) continue
      return this.#heldBack.size > 0 && this.#member.epoch === this.#epoch ? this.#batch(records) : undefined
    }
  }

  #batch(records: readonly SourceRecord[]): Batch {
    const heldBack = [...this.#heldBack.values()]
    this.#forgetHeldBack()
    return { epoch: this.#epoch, records, heldBack }
  }

  #forgetHeldBack(): void {
    this.#heldBack.clear()
    this.#countHeldBack = 0
  }

  /** Drops the waiting records of a partition that stops. */
  drop(partition: string): void {
    this.#waiting = this.#waiting.slice(this.#next).filter((record) => partitionName(record) !== partition)
    this.#next = 0
  }

  /**
   * Goes back to the first of `records`, and of what waits behind them: they come again. For when delivering them ended
   * in a way that nobody foresaw, so that nothing may count as handed out.
   */
  rewind(epoch: number, records: readonly SourceRecord[]): void {
    const first = new Map<string, SourceRecord>()
    for (const record of [...records, ...this.#waiting.slice(this.#next)]) {
      const known = first.get(partitionName(record))
      if (!known || record.offset < known.offset) first.set(partitionName(record), record)
    }
    this.#waiting = []
    this.#next = 0
    this.#forgetHeldBack()
    if (epoch === this.#member.epoch) for (const record of first.values()) this.#member.seek(record)
  }

  /** Moves waiting records into the batch; true when the batch can take no more. */
  #fill(records: SourceRecord[], size: EventSize): boolean {
    for (;;) {
      if (records.length === this.#mapping.batchSize) return true
      const record = this.#waiting[this.#next]
      if (!record) return false
      if (this.#filter && !this.#filter(record)) {
        this.#holdBack(record)
        continue
      }
      const bytes = recordBytes(record)
      if (size.with(record, bytes) > this.#limit) return true
      size.add(record, bytes)
      records.push(record)
      this.#next++
      if (this.#filter) this.#heldBack.delete(partitionName(record))
    }
  }

  #holdBack({ topic, partition, offset }: SourceRecord): void {
    this.#heldBack.set(partitionName({ topic, partition }), { topic, partition, offset: offset + 1 })
    this.#countHeldBack++
    this.#next++
  }

  #takeOversized(empty: EventSize): Oversized | undefined {
    const record = this.#waiting[this.#next]
    if (!record) return undefined
    this.#next++
    // Its own commit is further on.
    this.#heldBack.delete(partitionName(record))
    return { epoch: this.#epoch, oversized: record, bytes: empty.alone(record, recordBytes(record)) }
  }

  #keep(records: readonly SourceRecord[]): void {
    if (this.#next === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
    }
    for (const record of records) this.#waiting.push(record)
  }
}
