// From what invoked the function to what the runtime works on. Shapes: AWS's pages named in kafka-event.ts; wake-ups come
// as SQS messages of our own. Everything else is refused by name. One pass, and no copy of a record.

import { MalformedEventError } from '../errors/errors.ts'
import type { Share } from '../runtime/environment.ts'
import type { PartitionRecords } from '../runtime/job-runtime.ts'
import type { KafkaEventRecord } from '../sources/kafka/event.ts'
import type { Receipt } from './hold.ts'

/** What an invocation asks for. */
export type Invocation =
  | { readonly kind: 'records'; readonly partitions: readonly PartitionRecords[] }
  | {
      readonly kind: 'wake'
      readonly job: string
      readonly at: number
      readonly turn?: number
      readonly receipt?: Receipt
    }
  | { readonly kind: 'share'; readonly job: string; readonly share: Share }

type Json = Readonly<Record<string, unknown>>

/** @throws MalformedEventError naming the place and what is wrong there. */
export function parseEvent(event: unknown): Invocation[] {
  if (!isObject(event)) throw new MalformedEventError('event', `it is ${nameOf(event)}, not an object`)
  if (event.eventSource === 'aws:kafka' || event.eventSource === 'SelfManagedKafka') {
    return [{ kind: 'records', partitions: kafkaPartitions(event.records) }]
  }
  if (Array.isArray(event.Records)) return event.Records.map(parseMessage)
  throw new MalformedEventError(
    'event.eventSource',
    `it is ${nameOf(event.eventSource)}, not 'aws:kafka' or 'SelfManagedKafka'`,
  )
}

function kafkaPartitions(records: unknown): PartitionRecords[] {
  if (!isObject(records)) throw new MalformedEventError('event.records', `it is ${nameOf(records)}, not an object`)
  const partitions: PartitionRecords[] = []
  for (const [name, list] of Object.entries(records)) {
    const path = `event.records['${brief(name)}']`
    if (!Array.isArray(list)) throw new MalformedEventError(path, `it is ${nameOf(list)}, not an array`)
    if (list.length > 0) partitions.push(partitionRecords(path, list))
  }
  return partitions
}

/** Topic and partition come from the records, not from the name: topics may contain `-`. */
function partitionRecords(path: string, list: readonly unknown[]): PartitionRecords {
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
  return { topic, partition: Number(partition), records }
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
const isCount = (value: unknown): value is number => isOffset(value)
const isListOf = <T>(is: (value: unknown) => value is T, value: unknown): value is T[] =>
  Array.isArray(value) && value.every(is)
/** A wake-up for a year that no clock reaches would be passed on for ever. */
const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 8.64e15
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

/** A message that `sqs-waker.ts` sent. */
function parseMessage(message: unknown, index: number): Invocation {
  const path = `event.Records[${index}]`
  if (!isObject(message) || message.eventSource !== 'aws:sqs' || typeof message.body !== 'string') {
    throw new MalformedEventError(path, 'it is not a message of Millrace from its SQS queue')
  }
  const body = parseJson(message.body)
  const share = isObject(body) && body.millrace === 'share' ? parseShare(body) : undefined
  if (isObject(body) && share && typeof body.job === 'string') return { kind: 'share', job: body.job, share }
  if (!isObject(body) || body.millrace !== 'wake' || typeof body.job !== 'string' || !isTime(body.at)) {
    throw new MalformedEventError(
      `${path}.body`,
      'it is not a message of Millrace; nobody else should send to its queue',
    )
  }
  // Those of older code have none.
  const receipt = receiptOf(message)
  const turn = isCount(body.turn) && { turn: body.turn }
  return { kind: 'wake', job: body.job, at: body.at, ...turn, ...(receipt && { receipt }) }
}

function receiptOf({ receiptHandle, attributes }: Json): Receipt | undefined {
  if (typeof receiptHandle !== 'string') return undefined
  const deliveries = isObject(attributes) ? Number(attributes.ApproximateReceiveCount) : 1
  return { handle: receiptHandle, deliveries: isCount(deliveries) ? deliveries : 1 }
}

function parseShare({ stage, buckets, closedUntil, times }: Json): Share | undefined {
  if (typeof stage !== 'string' || !isListOf(isCount, buckets) || !isTime(closedUntil) || !isListOf(isTime, times))
    return undefined
  return { stage, buckets, closedUntil, times }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? `string "${brief(value)}"` : `${typeof value} ${brief(String(value))}`
}

/** What comes from outside may be megabytes long. */
function brief(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
