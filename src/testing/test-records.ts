// The records of a `testJob`: from what a test writes to Lambda's events, one for each batch interval in which something comes.

import { InvalidOptionError } from '../errors/errors.ts'
import { partitionName } from '../names/tasks.ts'
import { toMillis } from '../options/duration.ts'
import { nearest } from '../options/options.ts'
import type { KafkaEvent, KafkaEventRecord } from '../sources/kafka/event.ts'
import { bucketOf } from '../values/hash.ts'

/** A record of a topic in {@link testJob}. */
export interface TestRecord {
  /** Text, bytes, null for a tombstone; anything else is written as JSON. */
  readonly value: unknown
  /** As `value`. Default: no key. */
  readonly key?: unknown
  /** By name texts or bytes. Default: none. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>
  /** Milliseconds, or a text such as `'5s'`, after the epoch. Default: that of the record before; of the first 0. */
  readonly timestamp?: number | string
  /** Default: equal keys into one, as a producer does; records without a key in turn. */
  readonly partition?: number
}

/** By topic its records, in order. A text stands for a record with that value. */
export type TestRecords = Readonly<Record<string, readonly (string | TestRecord)[]>>

/** What comes within one batch interval. */
export interface TestEvent {
  /** When the last of it has come. */
  readonly time: number
  readonly event: KafkaEvent
}

interface Arrival {
  readonly at: number
  readonly record: KafkaEventRecord
}

/** @throws InvalidOptionError for a topic that the job does not read, a partition that there is not, a time that is none. */
export function eventsOf(
  records: TestRecords,
  topics: ReadonlyMap<string, number>,
  { job, batch }: { readonly job: string; readonly batch: number },
): TestEvent[] {
  const arrivals = Object.entries(records).flatMap(([topic, some]) => {
    const partitions = topics.get(topic)
    if (partitions !== undefined) return arrivalsOf(topic, some, partitions)
    const near = nearest(topic, [...topics.keys()])
    throw new InvalidOptionError(
      `testJob, records: job '${job}' reads ${[...topics.keys()].join(', ')}, not '${topic}'.${near === undefined ? '' : ` Did you mean '${near}'?`}`,
    )
  })
  const byInterval = Map.groupBy(arrivals, ({ at }) => Math.floor(at / batch))
  return [...byInterval.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, some]) => ({ time: Math.max(...some.map(({ at }) => at)), event: eventOf(some) }))
}

/** A record comes at its time, or with the one before it: offsets are in order, times need not be. */
function arrivalsOf(topic: string, records: readonly (string | TestRecord)[], partitions: number): Arrival[] {
  const offsets = Array.from({ length: partitions }, () => 0)
  let [timestamp, at] = [0, 0]
  return records.map((given, i): Arrival => {
    const one = typeof given === 'string' ? { value: given } : given
    const where = `testJob, records of ${topic}, number ${i}`
    if (typeof one !== 'object' || one === null || !('value' in one))
      throw new InvalidOptionError(
        `${where}: a record is a text, or has a value: { value: …, key: …, timestamp: '5s' }.`,
      )
    const { key, value, headers = {}, partition = key === undefined ? i % partitions : bucketOf(key, partitions) } = one
    if (one.timestamp !== undefined) timestamp = toMillis(`${where}, timestamp`, one.timestamp)
    at = Math.max(at, timestamp)
    const offset = offsets[partition]
    if (offset === undefined)
      throw new InvalidOptionError(
        `${where}: there is no partition ${partition}, only ${partitions}. Say how many: partitions: { ${JSON.stringify(topic)}: ${partition + 1} }.`,
      )
    offsets[partition] = offset + 1
    const record: KafkaEventRecord = {
      topic,
      partition,
      offset,
      timestamp,
      timestampType: 'CREATE_TIME',
      ...named('key', key),
      ...named('value', value),
      headers: Object.entries(headers).map(([name, content]) => ({ [name]: [...bytesOf(content)] })),
    }
    return { at, record }
  })
}

function eventOf(arrivals: readonly Arrival[]): KafkaEvent {
  const records = Map.groupBy(
    arrivals.map(({ record }) => record),
    ({ topic, partition }) => partitionName(topic, Number(partition)),
  )
  return { eventSource: 'SelfManagedKafka', bootstrapServers: 'test:9092', records: Object.fromEntries(records) }
}

function named(name: 'key' | 'value', content: unknown): { readonly [N in 'key' | 'value']?: string } {
  return content === undefined || content === null ? {} : { [name]: Buffer.from(bytesOf(content)).toString('base64') }
}

function bytesOf(content: unknown): Uint8Array {
  if (content instanceof Uint8Array) return content
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
}
