// What was fetched of one partition and not handed out yet. kafkajs pushes; the poller pulls; this is in between, and
// says when fetching has to pause.

import type { EachBatchPayload, KafkaMessage } from 'kafkajs'
import type { SourceRecord, TopicPartition } from './topic-source.ts'

/**
 * Fetching pauses above and goes on below half of these. A paused partition is looked at again only every 100 ms, and
 * an invocation takes up to 10,000 records, so the records are some two invocations; the bytes are some three events.
 */
const MOST_RECORDS = 20_000
const MOST_BYTES = 16 * 1024 * 1024

/** kafkajs may pass over offsets without telling; what is still not there after so many fetches is not in the log. */
const MOST_REFUSALS = 3

const NO_HEADERS: SourceRecord['headers'] = []

/** The fetched records of one partition in one epoch. */
export class PartitionBuffer {
  readonly partition: TopicPartition
  /** The offset to fetch next; undefined until the group's offset is known. */
  position: number | undefined
  /** Paused by the poller. */
  paused = false
  #records: SourceRecord[] = []
  #next = 0
  #bytes = 0
  /** Batches refused at this position. */
  #refused = 0
  /** The end of the partition when it was last fetched. */
  #end = 0

  constructor(partition: TopicPartition) {
    this.partition = partition
  }

  get length(): number {
    return this.#records.length - this.#next
  }

  get lag(): number {
    return this.length + Math.max(0, this.#end - (this.position ?? this.#end))
  }

  get full(): boolean {
    return this.length >= MOST_RECORDS || this.#bytes >= MOST_BYTES
  }

  get hungry(): boolean {
    return this.length <= MOST_RECORDS / 2 && this.#bytes <= MOST_BYTES / 2
  }

  /**
   * Takes what was fetched. kafkajs fetches a partition from its old leader and its new one side by side when it moves, and its
   * answers may come in the wrong order, so what is taken must go on where the last one ended.
   *
   * `stale`: all of it has been taken before. `ahead`: it was fetched from further on, and what lies between is to be fetched
   * first. `anew`: the log is shorter than what was read of it, so the topic was made anew or truncated, and the buffer goes
   * on from what is there now.
   */
  push(batch: EachBatchPayload['batch']): 'taken' | 'stale' | 'ahead' | 'anew' {
    const { topic, partition } = this.partition
    this.#end = Number(batch.highWatermark)
    if (this.position === undefined || batch.messages.length === 0) return 'taken'
    const last = Number(batch.lastOffset())
    const anew = Number(batch.highWatermark) < this.position && last < this.position
    if (anew) this.reset(Number(batch.messages[0]?.offset ?? 0))
    else if (last < this.position) return 'stale'
    else if (fetchedFrom(batch) > this.position && this.#refused < MOST_REFUSALS) {
      this.#refused++
      return 'ahead'
    }
    this.#refused = 0
    for (const message of batch.messages) {
      const offset = Number(message.offset)
      if (offset < (this.position ?? 0)) continue
      this.#records.push({
        topic,
        partition,
        offset,
        timestamp: Number(message.timestamp),
        timestampType: timestampType(message),
        key: message.key,
        value: message.value,
        headers: headerList(message.headers),
      })
      this.#bytes += sizeOf(message)
    }
    this.position = last + 1
    return anew ? 'anew' : 'taken'
  }

  /** Goes on behind a batch of which nothing is handed out: markers, aborted records, or all of it compacted away. */
  passOver(first: string | null, last: string): void {
    if (this.position === undefined) return
    if (Number(first ?? last) <= this.position && this.position <= Number(last)) this.position = Number(last) + 1
  }

  take(count: number, into: SourceRecord[]): void {
    const end = Math.min(this.#next + count, this.#records.length)
    for (; this.#next < end; this.#next++) {
      const record = this.#records[this.#next]
      if (!record) break
      into.push(record)
      this.#bytes -= sizeOf(record)
    }
    if (this.#next === this.#records.length) this.#clear()
    else if (this.#next > MOST_RECORDS) {
      this.#records = this.#records.slice(this.#next)
      this.#next = 0
    }
  }

  /** Forgets what was fetched and goes on at `position`. */
  reset(position: number): void {
    this.#clear()
    this.position = position
  }

  #clear(): void {
    this.#records = []
    this.#next = 0
    this.#bytes = 0
  }
}

const sizeOf = ({ key, value }: { key: Uint8Array | null; value: Uint8Array | null }): number =>
  (key?.byteLength ?? 0) + (value?.byteLength ?? 0)

/** The offset that was asked for, which kafkajs's types do not mention. */
function fetchedFrom(batch: EachBatchPayload['batch']): number {
  return 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : 0
}

/** kafkajs keeps the type with the batch, which its types do not mention: 0 CreateTime, 1 LogAppendTime. */
function timestampType(message: KafkaMessage): SourceRecord['timestampType'] {
  if (!('batchContext' in message)) return 'CREATE_TIME'
  const context = message.batchContext
  if (typeof context !== 'object' || context === null || !('timestampType' in context)) return 'CREATE_TIME'
  return context.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
}

/** kafkajs gathers headers by name, so the order between different names that repeat is lost. */
function headerList(headers: KafkaMessage['headers']): SourceRecord['headers'] {
  if (!headers) return NO_HEADERS
  const list: [string, Uint8Array][] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    for (const one of Array.isArray(value) ? value : [value]) {
      list.push([name, typeof one === 'string' ? Buffer.from(one) : (one ?? new Uint8Array())])
    }
  }
  return list.length === 0 ? NO_HEADERS : list
}
