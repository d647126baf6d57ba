// Gathers one batch: until it has batchSize records, or the batching window is over, or the next record would take the
// event past 6 MB. The window opens when the first record arrives.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching

import { EventSize, PAYLOAD_LIMIT, recordBytes } from './encode-event.ts'
import type { EventSourceMapping } from './mapping.ts'
import { type GroupMember, partitionName, type SourceRecord } from './topic-source.ts'

/** How long a poll of an idle topic lasts; only sets how often the loop looks round. */
const IDLE_POLL_MS = 1000

/** Records that go into one invocation. */
export interface Batch {
  readonly epoch: number
  readonly records: readonly SourceRecord[]
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
  #epoch = -1
  #waiting: SourceRecord[] = []
  #next = 0

  constructor(mapping: EventSourceMapping, member: GroupMember, limit: number = PAYLOAD_LIMIT) {
    this.#mapping = mapping
    this.#member = member
    this.#limit = limit
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
        records = []
        size = new EventSize(this.#mapping)
        deadline = undefined
      }
      const full = this.#fill(records, size)
      if (full && records.length > 0) return { epoch: this.#epoch, records }
      if (full) return this.#takeOversized(size)

      if (records.length > 0) deadline ??= Date.now() + maximumBatchingWindowMs
      const maxWaitMs = deadline === undefined ? IDLE_POLL_MS : deadline - Date.now()
      if (signal.aborted) return undefined
      if (deadline !== undefined && maxWaitMs <= 0) return { epoch: this.#epoch, records }
      const polled = await this.#member.poll({ maxRecords: batchSize - records.length, maxWaitMs, signal })
      if (polled.epoch === this.#epoch) this.#keep(polled.records)
      if (records.length === 0 && polled.records.length === 0) return undefined
    }
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
    if (epoch === this.#member.epoch) for (const record of first.values()) this.#member.seek(record)
  }

  /** Moves waiting records into the batch; true when the batch can take no more. */
  #fill(records: SourceRecord[], size: EventSize): boolean {
    for (;;) {
      if (records.length === this.#mapping.batchSize) return true
      const record = this.#waiting[this.#next]
      if (!record) return false
      const bytes = recordBytes(record)
      if (size.with(record, bytes) > this.#limit) return true
      size.add(record, bytes)
      records.push(record)
      this.#next++
    }
  }

  #takeOversized(empty: EventSize): Oversized | undefined {
    const record = this.#waiting[this.#next]
    if (!record) return undefined
    this.#next++
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
