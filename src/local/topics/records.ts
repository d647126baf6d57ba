// Records as the folder keeps them: bytes as they are, headers as one blob, absent where there are none.

import { InvalidOptionError } from '../../errors/errors.ts'
import type { SqlRow } from '../../stores/folder-database.ts'
import type { SourceRecord } from '../event-source/topic-source.ts'
import type { Topic } from './topic-rows.ts'

/** What `append` takes; strings are encoded as UTF-8. */
export interface NewRecord {
  readonly topic: string
  /** Default: by the key, or, without one, the next partition in turn. */
  readonly partition?: number | undefined
  readonly key?: string | Uint8Array | null | undefined
  readonly value?: string | Uint8Array | null | undefined
  /** In order; names may repeat. */
  readonly headers?: readonly (readonly [name: string, value: string | Uint8Array])[] | undefined
  /** Milliseconds since the epoch; default: now. */
  readonly timestamp?: number | undefined
}

export interface StoredRecord {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Uint8Array | null
}

/** @throws InvalidOptionError */
export function storedRecord(record: NewRecord, topic: Topic, now: number): StoredRecord {
  const { timestamp = now, headers = [] } = record
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    throw new InvalidOptionError(
      `Topic "${topic.name}": ${timestamp} is no timestamp; it is a whole number of milliseconds since 1970.`,
    )
  }
  return {
    timestamp: topic.timestampType === 'LOG_APPEND_TIME' ? now : timestamp,
    key: bytesOrNull(record.key),
    value: bytesOrNull(record.value),
    headers: headers.length === 0 ? null : encodeHeaders(headers),
  }
}

/** A row of `records` with where it is. */
export function sourceRecord(
  where: Pick<SourceRecord, 'topic' | 'partition' | 'timestampType'>,
  { position, timestamp, key, value, headers }: SqlRow,
): SourceRecord {
  return {
    ...where,
    offset: Number(position),
    timestamp: Number(timestamp),
    key: key instanceof Uint8Array ? key : null,
    value: value instanceof Uint8Array ? value : null,
    headers: headers instanceof Uint8Array ? decodeHeaders(headers) : [],
  }
}

const bytes = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value)
const bytesOrNull = (value: string | Uint8Array | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : bytes(value)

/** Name and value in turn, each after its length. */
function encodeHeaders(headers: NonNullable<NewRecord['headers']>): Uint8Array {
  return Buffer.concat(
    headers.flat().flatMap((part) => {
      const body = bytes(part)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(body.byteLength)
      return [length, body]
    }),
  )
}

function decodeHeaders(stored: Uint8Array): [name: string, value: Uint8Array][] {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const parts: Uint8Array[] = []
  for (let at = 0; at < buffer.length; ) {
    const end = at + 4 + buffer.readUInt32BE(at)
    parts.push(new Uint8Array(buffer.subarray(at + 4, end)))
    at = end
  }
  const headers: [string, Uint8Array][] = []
  for (let i = 0; i + 1 < parts.length; i += 2)
    headers.push([Buffer.from(parts[i] ?? []).toString(), parts[i + 1] ?? new Uint8Array()])
  return headers
}
