// Where partitions begin that a job has never read: Spark's `startingOffsets`. What an event source mapping can do, it does (the latest, a
// time); the rest is decided when a task gets its first records, before anything of it is committed: what lies before is passed over.

import { describeValue } from '../../errors/describe-value.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import { StartingOffsetsError } from '../../errors/runtime-errors.ts'
import { partitionOf, type TaskRef } from '../../names/tasks.ts'
import { isOffsetStore, type OffsetStore } from '../offset-store.ts'

/** By topic and partition, as in Structured Streaming: the first offset to read; -2 is the earliest there is, -1 the latest, which must be all or none. */
export type OffsetsByPartition = Readonly<Record<string, Readonly<Record<number, number>>>>

/**
 * Where partitions begin that the job has never read; those that it has read go on where they are. `at` is a time: a Date, milliseconds since the
 * epoch, or a text that `Date` takes. A text that is JSON is `OffsetsByPartition` in Structured Streaming's form. A store has the offsets of others: a
 * consumer group, Redis.
 */
export type StartingOffsets =
  | 'earliest'
  | 'latest'
  | { readonly at: Date | number | string }
  | OffsetsByPartition
  | OffsetStore
  | `{${string}`

/** The same, checked. */
export type Start =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'at'; readonly time: number }
  | { readonly kind: 'offsets'; readonly offsets: OffsetsByPartition }
  | { readonly kind: 'store'; readonly store: OffsetStore }

const EARLIEST = -2
const LATEST = -1

const FORMS =
  "'earliest', 'latest', { at: time }, { topic: { 0: 23, 1: -2 } } or that as JSON, or a store such as consumerGroup({ group, brokers })"

/** @throws InvalidOptionError */
export function checkStart(where: string, given: unknown, topics: readonly string[]): Start {
  if (given === undefined || given === 'earliest') return { kind: 'earliest' }
  if (given === 'latest') return { kind: 'latest' }
  if (isOffsetStore(given)) return { kind: 'store', store: given }
  const value = typeof given === 'string' ? parsed(where, given) : given
  if (!isRecord(value)) throw new InvalidOptionError(`${where}: must be ${FORMS}, got ${describeValue(given)}.`)
  if (Object.keys(value).join() === 'at' && !isRecord(value.at)) return { kind: 'at', time: timeOf(where, value.at) }
  return ofPartitions(where, value, topics)
}

function parsed(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidOptionError(`${where}: must be ${FORMS}, got ${JSON.stringify(text)}.`)
  }
}

function timeOf(where: string, at: unknown): number {
  const time =
    at instanceof Date || typeof at === 'number' || typeof at === 'string' ? new Date(at).getTime() : Number.NaN
  if (Number.isFinite(time) && time >= 0) return time
  throw new InvalidOptionError(
    `${where}, at: must be a time, such as '2026-01-31T08:00:00Z' or milliseconds since 1970, got ${describeValue(at)}.`,
  )
}

/** Spark: `JsonUtils.partitionOffsets`, and `KafkaOffsetReader`, which wants all partitions named. */
function ofPartitions(where: string, given: Readonly<Record<string, unknown>>, topics: readonly string[]): Start {
  const named = Object.keys(given)
  const missing = topics.filter((topic) => !named.includes(topic))
  const strange = named.filter((topic) => !topics.includes(topic))
  if (missing.length > 0 || strange.length > 0)
    throw new InvalidOptionError(
      `${where}: must name the topics that are read and no others: ${[...missing.map((one) => `'${one}' is missing`), ...strange.map((one) => `'${one}' is not read`)].join(', ')}.`,
    )
  const entries = topics.map((topic) => [topic, partitionsOf(`${where}, ${topic}`, given[topic])] as const)
  const all = entries.flatMap(([, offsets]) => Object.values(offsets))
  if (all.every((offset) => offset === EARLIEST)) return { kind: 'earliest' }
  if (all.every((offset) => offset === LATEST)) return { kind: 'latest' }
  if (all.includes(LATEST))
    throw new InvalidOptionError(
      `${where}: -1, the latest, beside other offsets cannot be: a function reads no partition, it is given records, and what was the latest is past when they come. ` +
        "Give the number (kafka-get-offsets --topic … --time latest says it), or 'latest' for all.",
    )
  return { kind: 'offsets', offsets: Object.fromEntries(entries) }
}

function partitionsOf(where: string, given: unknown): Record<number, number> {
  if (!isRecord(given))
    throw new InvalidOptionError(
      `${where}: must be offsets by partition, such as { 0: 23, 1: -2 }, got ${describeValue(given)}.`,
    )
  const offsets = Object.entries(given).map(([partition, offset]): [number, number] => {
    if (!/^\d{1,9}$/.test(partition)) throw new InvalidOptionError(`${where}: '${partition}' is no partition.`)
    if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < EARLIEST)
      throw new InvalidOptionError(
        `${where}, partition ${partition}: must be an offset, -2 for the earliest or -1 for the latest, got ${describeValue(offset)}.`,
      )
    return [Number(partition), offset]
  })
  const found = new Map(offsets)
  const gap = Array.from({ length: found.size }, (_, i) => i).find((i) => !found.has(i))
  if (gap !== undefined || found.size === 0)
    throw new InvalidOptionError(
      `${where}: partition ${gap ?? 0} is missing. All that the topic has must be named; -2 is the earliest.`,
    )
  return Object.fromEntries(offsets)
}

/** Where a task begins that has committed nothing: an offset, a time, or with the first record that comes. @throws StartingOffsetsError */
export async function startOf(
  task: TaskRef,
  start: Start,
): Promise<{ readonly offset?: number; readonly time?: number }> {
  const { topic, partition } = partitionOf(task.task)
  if (start.kind === 'at') return { time: start.time }
  // Partitions that are not named came later: from their beginning, as in Spark.
  const offset =
    start.kind === 'offsets'
      ? start.offsets[topic]?.[partition]
      : start.kind === 'store'
        ? await asked(task, start.store, topic, partition)
        : undefined
  return offset === undefined || offset === EARLIEST ? {} : { offset }
}

async function asked(task: TaskRef, store: OffsetStore, topic: string, partition: number): Promise<number | undefined> {
  try {
    const found = await store.read(topic)
    return found.find((one) => one.topic === topic && one.partition === partition)?.offset
  } catch (cause) {
    throw new StartingOffsetsError(
      task,
      `${store.name} cannot be read: ${describeCause(cause)}. Nothing was read or passed over; the records come again. Look whether it can be reached from where the job runs`,
      { cause },
    )
  }
}

/** Whether the job itself passes over what lies before. */
export function passesOver({ kind }: Start): boolean {
  return kind === 'at' || kind === 'offsets' || kind === 'store'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A topic is read once, whatever reads it. @throws InvalidOptionError */
export function checkSameStart(
  job: string,
  sources: readonly { readonly feeds: readonly string[]; readonly start: Start }[],
): void {
  const starts = new Map<string, Start>()
  for (const { feeds, start } of sources) {
    for (const topic of feeds) {
      const known = starts.get(topic) ?? start
      starts.set(topic, known)
      if (sameStart(known, start, topic)) continue
      throw new InvalidOptionError(
        `job '${job}', kafka: topic '${topic}' is read several times with other startingOffsets: say the same wherever it is read.`,
      )
    }
  }
}

function sameStart(a: Start, b: Start, topic: string): boolean {
  if (a.kind === 'store' || b.kind === 'store')
    return a.kind === b.kind && 'store' in a && 'store' in b && a.store === b.store
  if (a.kind === 'offsets' && b.kind === 'offsets')
    return JSON.stringify(a.offsets[topic]) === JSON.stringify(b.offsets[topic])
  return JSON.stringify(a) === JSON.stringify(b)
}
