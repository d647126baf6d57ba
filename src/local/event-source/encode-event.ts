// From records to the JSON that Lambda hands to a function, byte for byte as long as the real one, so that the 6 MB
// limit cuts batches where Lambda cuts them. The length is known before anything is encoded: base64 is 4 characters for
// 3 bytes, so a record that does not fit any more costs an addition and no encoding.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html, with-kafka.html (sample events)

import type { EventSourceMapping } from './mapping.ts'
import { partitionName, type SourceRecord } from './topic-source.ts'

/** Most bytes of a synchronous invocation's payload. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const PAYLOAD_LIMIT = 6 * 1024 * 1024

/** What an event says of its source. */
export type EventOrigin = Pick<EventSourceMapping, 'eventSource' | 'eventSourceArn' | 'bootstrapServers'>

/** The event as JSON. Records of one partition keep their order. */
export function encodeEvent(origin: EventOrigin, records: readonly SourceRecord[]): string {
  const parts = runsByPartition(records).map(([name, runs]) => {
    let list = ''
    for (const run of runs) for (const record of run) list += `${list === '' ? '' : ','}${encodeRecord(record)}`
    return `${JSON.stringify(name)}:[${list}]`
  })
  return `${envelope(origin)}${parts.join(',')}}}`
}

/** Groups by partition. Records mostly come in runs of one partition, so names are made once per run, not per record. */
function runsByPartition(records: readonly SourceRecord[]): [name: string, runs: SourceRecord[][]][] {
  const partitions = new Map<string, SourceRecord[][]>()
  let from = 0
  for (let i = 1; i <= records.length; i++) {
    const [first, next] = [records[from], records[i]]
    if (!first || (next && next.partition === first.partition && next.topic === first.topic)) continue
    const name = partitionName(first)
    const runs = partitions.get(name) ?? []
    runs.push(records.slice(from, i))
    partitions.set(name, runs)
    from = i
  }
  return [...partitions]
}

/** One record of the event; `key` and `value` are missing when they are null. */
export function encodeRecord(record: SourceRecord): string {
  const key = record.key === null ? '' : `,"key":"${base64(record.key)}"`
  const value = record.value === null ? '' : `,"value":"${base64(record.value)}"`
  return `${encodeHead(record)}${key}${value},"headers":${encodeHeaders(record)}}`
}

/** Bytes of `encodeRecord(record)`, without encoding key and value. */
export function recordBytes(record: SourceRecord): number {
  const key = record.key === null ? 0 : 9 + base64Length(record.key.byteLength) // ,"key":""
  const value = record.value === null ? 0 : 11 + base64Length(record.value.byteLength) // ,"value":""
  // A topic name is ASCII; a header name may be anything, and JSON.stringify escapes lone surrogates.
  const headers = record.headers.length === 0 ? 2 : Buffer.byteLength(encodeHeaders(record))
  return encodeHead(record).length + key + value + 12 + headers // ,"headers": and }
}

/** The bytes of an event that grows by one record after the other. */
export class EventSize {
  /** Bytes of the event so far. */
  bytes: number
  readonly #empty: number
  readonly #partitions = new Set<string>()

  constructor(origin: EventOrigin) {
    this.#empty = Buffer.byteLength(envelope(origin)) + 2
    this.bytes = this.#empty
  }

  /** Bytes of the event when `record`, of `recordBytes` bytes, is added. */
  with(record: SourceRecord, bytes: number): number {
    const name = partitionName(record)
    if (this.#partitions.has(name)) return this.bytes + bytes + 1 // a comma
    return this.bytes + bytes + name.length + 5 + (this.#partitions.size > 0 ? 1 : 0) // "name":[] and a comma
  }

  /** Bytes of an event with `record` and nothing else. */
  alone(record: SourceRecord, bytes: number): number {
    return this.#empty + bytes + partitionName(record).length + 5
  }

  add(record: SourceRecord, bytes: number): void {
    this.bytes = this.with(record, bytes)
    this.#partitions.add(partitionName(record))
  }
}

function envelope(origin: EventOrigin): string {
  const arn = origin.eventSourceArn === undefined ? '' : `,"eventSourceArn":${JSON.stringify(origin.eventSourceArn)}`
  const servers = origin.bootstrapServers.join(',')
  const brokers = servers === '' ? '' : `,"bootstrapServers":${JSON.stringify(servers)}`
  return `{"eventSource":"${origin.eventSource}"${arn}${brokers},"records":{`
}

function encodeHead(record: SourceRecord): string {
  return (
    `{"topic":"${record.topic}","partition":${record.partition},"offset":${record.offset},` +
    `"timestamp":${record.timestamp},"timestampType":"${record.timestampType}"`
  )
}

/** One object per header, its value the unsigned values of its bytes. */
function encodeHeaders(record: SourceRecord): string {
  if (record.headers.length === 0) return '[]'
  return `[${record.headers.map(([name, value]) => `{${JSON.stringify(name)}:[${value.join(',')}]}`).join(',')}]`
}

function base64(bytes: Uint8Array): string {
  // A view, not a copy.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4
