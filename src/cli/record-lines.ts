// Records as lines, for `produce` and `consume`: what the one prints as JSON the other reads. Bytes that are no text are `{ "hex": "…" }`.

import { InvalidOptionError } from '../errors/errors.ts'
import type { SourceRecord } from '../local/event-source/topic-source.ts'
import type { NewRecord } from '../local/topics/records.ts'
import { integer, type JsonSchema, list, object, text } from './json-output.ts'

export const FORMATS = ['value', 'key:value', 'json'] as const
export type Format = (typeof FORMATS)[number]

const BYTES: JsonSchema = {
  anyOf: [text('as UTF-8'), object({ hex: text('what is no UTF-8') }), { type: 'null' }],
}

/** A line of `consume --format json`. */
export const RECORD = object({
  topic: text(),
  partition: integer(),
  offset: integer(),
  timestamp: integer('milliseconds since 1970'),
  key: BYTES,
  value: BYTES,
  headers: list(list(BYTES)),
})

/** What a line says, without where it is to go. */
export type LineRecord = Omit<NewRecord, 'topic'>

/**
 * Reads a line. A line of `value` is all value; one of `key:value` without the separator has no key.
 *
 * @param where for the message: `line 3 of events.txt`
 * @throws InvalidOptionError
 */
export function recordOfLine(where: string, line: string, format: Format, separator: string): LineRecord | undefined {
  if (format === 'value') return { value: line }
  if (format === 'json') return line.trim() === '' ? undefined : recordOfJson(where, line)
  const at = line.indexOf(separator)
  return at < 0 ? { key: null, value: line } : { key: line.slice(0, at), value: line.slice(at + separator.length) }
}

const FIELDS = ['key', 'value', 'headers', 'timestamp', 'partition']
/** What `consume` prints and a new record gets for itself. */
const OF_THE_PLACE = ['topic', 'offset']

function recordOfJson(where: string, line: string): LineRecord {
  const wrong = (what: string): InvalidOptionError =>
    new InvalidOptionError(
      `${where}: ${what}. A line is {"value": …} with, if wanted, "key", "headers", "timestamp" and "partition"; --format value takes lines as they are.`,
    )
  let fields: unknown
  try {
    fields = JSON.parse(line)
  } catch {
    throw wrong('it is not JSON')
  }
  if (!isObject(fields)) throw wrong('it is not a JSON object')
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name) && !OF_THE_PLACE.includes(name))
  if (unknown !== undefined) throw wrong(`"${unknown}" is no field of a record`)
  if (!('value' in fields)) throw wrong('it has no "value" (null is a tombstone)')
  const { key = null, value, headers, timestamp, partition } = fields
  if (timestamp !== undefined && typeof timestamp !== 'number')
    throw wrong('"timestamp" is not a number of milliseconds')
  if (partition !== undefined && (typeof partition !== 'number' || !Number.isInteger(partition) || partition < 0))
    throw wrong('"partition" is not a whole number from 0')
  return {
    key: bytesOf(key, wrong),
    value: bytesOf(value, wrong),
    ...(headers !== undefined && { headers: headersOf(headers, wrong) }),
    ...(timestamp !== undefined && { timestamp }),
    ...(partition !== undefined && { partition }),
  }
}

/** Text and hex as they are; what else JSON has is what a job decodes as JSON. */
function bytesOf(value: unknown, wrong: (what: string) => Error): string | Uint8Array | null {
  if (value === null || typeof value === 'string') return value
  if (!isObject(value) || Object.keys(value).join() !== 'hex') return JSON.stringify(value)
  const { hex } = value
  if (typeof hex !== 'string' || !/^(?:[\da-f]{2})*$/i.test(hex))
    throw wrong('"hex" is not pairs of hexadecimal digits')
  return Buffer.from(hex, 'hex')
}

/** Pairs, as `consume` prints them, since names may repeat; or an object. */
function headersOf(headers: unknown, wrong: (what: string) => Error): [string, string | Uint8Array][] {
  const pairs: unknown[] | undefined = isObject(headers)
    ? Object.entries(headers)
    : Array.isArray(headers)
      ? headers
      : undefined
  if (!pairs) throw wrong('"headers" is neither pairs nor an object')
  return pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw wrong('a header is a pair of name and value')
    return [pair[0], bytesOf(pair[1], wrong) ?? '']
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes as text, or undefined when they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function shown(bytes: Uint8Array | null): string | { hex: string } | null {
  return bytes === null ? null : (textOf(bytes) ?? { hex: hexOf(bytes) })
}

/** A record as a line of JSON. */
export function jsonLine({ topic, partition, offset, timestamp, key, value, headers }: SourceRecord): string {
  const pairs = headers.map(([name, bytes]) => [name, shown(bytes)])
  return JSON.stringify({ topic, partition, offset, timestamp, key: shown(key), value: shown(value), headers: pairs })
}

/** A record as text; null as `null`, and what is no text as `0x` and its bytes. */
export function textLine(
  { key, value }: SourceRecord,
  format: 'value' | 'key:value' | 'hex',
  separator: string,
): string {
  const part = (bytes: Uint8Array | null): string => {
    if (bytes === null) return 'null'
    return format === 'hex' ? hexOf(bytes) : (textOf(bytes) ?? `0x${hexOf(bytes)}`)
  }
  return format === 'value' ? part(value) : `${part(key)}${separator}${part(value)}`
}
