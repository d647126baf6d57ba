// The records of a run: given by the user, made by a generator of the user's, or words when that is what the job reads.

import { InvalidOptionError } from '../../errors/errors.ts'
import type { JobDefinition } from '../../graph/job.ts'
import { partitionName } from '../../names/tasks.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { isKafka } from '../../sources/kafka/kafka.ts'
import type { Random } from './random.ts'

/** A record of a simulated topic. What is left out is drawn. */
export interface SimulatedRecord {
  /** Default: the job's topic, or one of its topics. */
  readonly topic?: string
  /** Default: one of the topic's first partitions. */
  readonly partition?: number
  /** Text, bytes, or what is written as JSON; null for a tombstone. */
  readonly value: unknown
  /** As `value`. Default: no key. */
  readonly key?: unknown
  /** In order, as events have them: by name the bytes. Default: none. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[]
  /** Milliseconds since the epoch. Default: they mostly grow, some out of order, some far apart. */
  readonly timestamp?: number
}

/** Records, or what makes them from the seed. */
export type SimulatedRecords = readonly SimulatedRecord[] | ((random: Random) => Iterable<SimulatedRecord>)

/** The records of one partition, in the order of offsets. */
export interface PartitionRecords {
  readonly topic: string
  readonly partition: number
  readonly records: readonly KafkaEventRecord[]
}

const WORDS = ['a1', 'a2', 'b1', 'b2', 'b3', 'c1'] as const

/** @throws InvalidOptionError when records are needed, or name a topic that the job does not read. */
export function drawRecords(
  job: JobDefinition,
  records: SimulatedRecords | undefined,
  random: Random,
): PartitionRecords[] {
  const topics = [...new Set(job.sources.flatMap(({ source }) => source.feeds))]
  const given = typeof records === 'function' ? [...records(random)] : (records ?? drawWords(job, random))
  if (given.length === 0) throw new InvalidOptionError('simulate, records: there are none. At least one is needed.')
  const count = new Map(topics.map((topic) => [topic, random.pick([1, 1, 2, 3])]))
  const start = 1_700_000_000_000 + random.int(0, job.settings.batch)
  const partitions = new Map<string, { topic: string; partition: number; records: SimulatedRecord[] }>()
  for (const record of given) {
    const { topic = random.pick(topics), partition = random.int(0, count.get(topic) ?? 1) } = record
    if (!topics.includes(topic))
      throw new InvalidOptionError(
        `simulate, records: the job '${job.name}' reads ${topics.join(', ')}, not '${topic}'.`,
      )
    const name = partitionName(topic, partition)
    const found = partitions.get(name) ?? { topic, partition, records: [] }
    partitions.set(name, found)
    found.records.push(record)
  }
  return [...partitions.values()]
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    .map(({ topic, partition, records }) => {
      const first = random.pick([0, 0, random.int(1, 1000)])
      const times = drawTimes(job.settings.batch, start, records.length, random)
      return {
        topic,
        partition,
        records: records.map((record, i) => encoded(topic, partition, first + i, record, times[i])),
      }
    })
}

/** Timestamps that mostly grow, some out of order, some far apart. */
function drawTimes(batch: number, start: number, count: number, random: Random): number[] {
  // Sometimes gaps that windows and timeouts notice.
  let at = start + random.int(0, 1.5 * batch) + random.pick([0, 0, random.int(0, 8 * batch)])
  return Array.from({ length: count }, () => {
    at += random.chance(0.1) ? random.int(0, 3 * batch) : random.int(0, 0.4 * batch)
    return Math.floor(random.chance(0.15) ? at - random.int(0, 2.5 * batch) : at)
  })
}

function drawWords(job: JobDefinition, random: Random): SimulatedRecord[] {
  const formats = new Set(job.sources.flatMap(({ source }) => (isKafka(source) ? [source.value.format] : [])))
  const [format] = formats
  if (formats.size !== 1 || format !== 'text') {
    throw new InvalidOptionError(
      `simulate: the job '${job.name}' reads ${[...formats].join(' and ')}, and what its records may look like is not known here. ` +
        'Give records, or a function that makes them: records: (random) => [{ value: { id: random.int(0, 5) } }, …].',
    )
  }
  const words = WORDS.slice(0, random.int(1, WORDS.length + 1))
  return Array.from({ length: random.int(1, 40) }, () => ({ value: random.pick(words) }))
}

function encoded(
  topic: string,
  partition: number,
  offset: number,
  { key, value, timestamp, headers = [] }: SimulatedRecord,
  drawn = 0,
): KafkaEventRecord {
  const [encodedKey, encodedValue] = [base64(key), base64(value)]
  return {
    topic,
    partition,
    offset,
    timestamp: timestamp ?? drawn,
    timestampType: 'CREATE_TIME',
    ...(encodedKey !== undefined && { key: encodedKey }),
    ...(encodedValue !== undefined && { value: encodedValue }),
    headers,
  }
}

function base64(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const bytes =
    value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return Buffer.from(bytes).toString('base64')
}
