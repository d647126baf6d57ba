// Kafka's event of Lambda, checked: shapes are in `event.ts`. One pass, and no copy of a record.

import { MalformedEventError } from '../../errors/errors.ts'
import { partitionName } from '../../names/tasks.ts'
import { brief, isObject, type Json, nameOf } from '../json.ts'
import type { Delivery } from '../source.ts'
import type { KafkaEventRecord } from './event.ts'

export const EVENT_SOURCES = ['aws:kafka', 'SelfManagedKafka']

/** @throws MalformedEventError naming the place and what is wrong there. */
export function parseEvent({ eventSource, records }: Json): Delivery<KafkaEventRecord>[] | undefined {
  if (typeof eventSource !== 'string' || !EVENT_SOURCES.includes(eventSource)) return undefined
  if (!isObject(records)) throw new MalformedEventError('event.records', `it is ${nameOf(records)}, not an object`)
  const deliveries: Delivery<KafkaEventRecord>[] = []
  for (const [name, list] of Object.entries(records)) {
    const path = `event.records['${brief(name)}']`
    if (!Array.isArray(list)) throw new MalformedEventError(path, `it is ${nameOf(list)}, not an array`)
    if (list.length > 0) deliveries.push(deliveryOf(path, list))
  }
  return deliveries
}

/** Topic and partition come from the records, not from the name: topics may contain `-`. */
function deliveryOf(path: string, list: readonly unknown[]): Delivery<KafkaEventRecord> {
  const records: KafkaEventRecord[] = []
  for (let i = 0; i < list.length; i++) records.push(checkRecord(list[i], path, i))
  const { topic = '', partition = 0 } = records[0] ?? {}
  const stray = records.findIndex((record) => record.topic !== topic || record.partition !== partition)
  if (stray > 0) {
    throw new MalformedEventError(
      `${path}[${stray}]`,
      `it is of another partition than the first, ${brief(`${topic}-${partition}`)}`,
    )
  }
  return { feed: topic, task: partitionName(topic, Number(partition)), records }
}

function checkRecord(record: unknown, path: string, index: number): KafkaEventRecord {
  if (isKafkaRecord(record)) return record
  const place = `${path}[${index}]`
  if (!isObject(record)) throw new MalformedEventError(place, `it is ${nameOf(record)}, not a record`)
  const [field, wanted] = FIELDS.find(([name, , valid]) => !valid(record[name])) ?? ['', '']
  throw new MalformedEventError(`${place}.${field}`, `it is ${nameOf(record[field])}, not ${wanted}`)
}

type Check = (value: unknown) => boolean
const isText: Check = (value) => typeof value === 'string'
const isBase64OrAbsent: Check = (value) => value === undefined || value === null || typeof value === 'string'
const isOffset: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isPartition: Check = (value) => isOffset(value) || (typeof value === 'string' && /^\d{1,9}$/.test(value))
const isListOrAbsent: Check = (value) => value === undefined || value === null || Array.isArray(value)

const FIELDS: readonly (readonly [name: string, wanted: string, valid: Check])[] = [
  ['topic', 'a topic name', isText],
  ['partition', 'a partition number', isPartition],
  ['offset', 'an offset', isOffset],
  ['timestamp', 'a time in milliseconds', Number.isFinite],
  ['key', 'base64, null or absent', isBase64OrAbsent],
  ['value', 'base64, null or absent', isBase64OrAbsent],
  ['headers', 'an array, null or absent', isListOrAbsent],
]

/** Written out rather than a loop over FIELDS: it runs for every record. */
function isKafkaRecord(record: unknown): record is KafkaEventRecord {
  if (!isObject(record)) return false
  return (
    typeof record.topic === 'string' &&
    isPartition(record.partition) &&
    isOffset(record.offset) &&
    Number.isFinite(record.timestamp) &&
    isBase64OrAbsent(record.key) &&
    isBase64OrAbsent(record.value) &&
    isListOrAbsent(record.headers)
  )
}
