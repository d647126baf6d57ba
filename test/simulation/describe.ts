// Values in words, such that two values read alike only when they are alike: type, contents, order of entries, sign of zero.

import type { KafkaRecord } from '../../src/index.ts'

export function describe(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${Array.from(value, describe).join()}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Map) return `Map(${[...value].map(([k, v]) => `${describe(k)}:${describe(v)}`).join()})`
  if (value instanceof Set) return `Set(${[...value].map(describe).join()})`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${hex(value)})`
  const name = Object.getPrototypeOf(value) === Object.prototype ? '' : `${value.constructor?.name} `
  return `${name}{${Object.entries(value).map(([key, own]) => `${key}:${describe(own)}`)}}`
}

function hex({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}

/** Everything about a record. */
export function describeRecord(record: KafkaRecord<string>): string {
  const { topic, partition, offset, timestamp, timestampType, key, value, headers, keySchema } = record
  const parts = [topic, partition, offset, timestamp, timestampType, key, value, headers, keySchema]
  return parts.map((part) => describe(part)).join(' ')
}
