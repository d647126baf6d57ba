// The port between a bounded run and what it reads: a partition with an end, handed out in pieces. Pieces are cut by the records
// alone, never by how they came, so that a second run over the same range makes the same micro-batches, and objects of the same names.

import type { KafkaEventRecord } from '../../sources/kafka/event.ts'

/** A partition, from its first record of the range to its last. */
export interface BoundedPartition {
  readonly topic: string
  readonly partition: number
  /** The next piece; undefined at the end. */
  next(): Promise<readonly KafkaEventRecord[] | undefined>
  /** How much of it has been handed out, from 0 to 1. */
  readonly done: number
}

/** A bounded place to read from. */
export interface BoundedSource {
  /** All partitions that the topics have, those without a record in the range included. */
  readonly partitions: readonly BoundedPartition[]
  /** What somebody should know of what was read, when it is over. */
  warnings(): readonly string[]
  close(): Promise<void>
}

/** Where a piece ends. */
export interface PieceLimits {
  readonly records: number
  readonly bytes: number
}

/** As Lambda's event source cuts them at most. https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html */
const MOST: PieceLimits = { records: 10_000, bytes: 4 * 1024 * 1024 }

/** Each partition holds a piece while it waits for others: together no more than this. */
const ALL_BYTES = 256 * 1024 * 1024

export function pieceLimits(partitions: number): PieceLimits {
  return { records: MOST.records, bytes: Math.min(MOST.bytes, Math.ceil(ALL_BYTES / Math.max(1, partitions))) }
}

/** Gathers records into pieces. */
export class Pieces {
  readonly #limits: PieceLimits
  #open: KafkaEventRecord[] = []
  #bytes = 0
  readonly #ready: KafkaEventRecord[][] = []

  constructor(limits: PieceLimits) {
    this.#limits = limits
  }

  /** Whether there is a whole piece. */
  get ready(): boolean {
    return this.#ready.length > 0
  }

  add(record: KafkaEventRecord): void {
    this.#open.push(record)
    this.#bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
    if (this.#open.length >= this.#limits.records || this.#bytes >= this.#limits.bytes) this.end()
  }

  /** What has been gathered is a piece. */
  end(): void {
    if (this.#open.length > 0) this.#ready.push(this.#open)
    this.#open = []
    this.#bytes = 0
  }

  take(): readonly KafkaEventRecord[] | undefined {
    return this.#ready.shift()
  }
}
