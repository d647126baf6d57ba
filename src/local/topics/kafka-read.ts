// Reading spans of a Kafka topic. kafkajs reads only as a member of a group, so this is one of its own, which commits nothing and is
// deleted in the end.

import { randomUUID } from 'node:crypto'
import { RangeStalledError } from '../../errors/batch-run-errors.ts'
import { checkTopics, type KafkaSourceOptions, kafkaClient, withAdmin } from '../event-source/kafka-client.ts'
import { KafkaMember } from '../event-source/kafka-member.ts'
import {
  type GroupMember,
  partitionName,
  type SourceRecord,
  type TopicPartition,
} from '../event-source/topic-source.ts'
import type { Span } from './cluster.ts'

const READ_AT_ONCE = 1000

/** As of a range that a batch reads (bounded/kafka-range.ts): a leader that is away comes back in less. */
const STALLED_AFTER_MS = 60_000

/** What is read from: it tells what it has handed out, marks of transactions and what compaction has taken away included. */
export type SpanReader = Pick<GroupMember, 'epoch' | 'assigned' | 'poll' | 'seek' | 'pause'> & {
  handedOut(partition: TopicPartition): number | undefined
}

export async function* readKafka(
  options: KafkaSourceOptions,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<SourceRecord[]> {
  const wanted = spans.filter(({ offset, until = Number.POSITIVE_INFINITY }) => offset < until)
  if (wanted.length === 0) return
  const groupId = `millrace-read-${randomUUID()}`
  const topics = [...new Set(wanted.map(({ topic }) => topic))]
  // What it gets over by itself is no news to who reads.
  const client = kafkaClient({ log: () => {}, ...options })
  const member = new KafkaMember(client, { groupId, topics, startingPosition: { type: 'TRIM_HORIZON' } }, () => {})
  const endOf = async ({ topic, partition }: TopicPartition): Promise<number> => {
    const ends = await withAdmin(client, (admin) => admin.fetchTopicOffsets(topic))
    return Number(ends.find((one) => one.partition === partition)?.high ?? 0)
  }
  try {
    await checkTopics(client, topics)
    await member.start()
    yield* readSpans(member, wanted, signal, endOf)
  } finally {
    await member.close()
    const deleting = kafkaClient(options)
    await withAdmin(deleting, (admin) => admin.deleteGroups([groupId])).catch(() => {})
    deleting.cut()
  }
}

/** @throws RangeStalledError when nothing comes of spans that have an end, and there is more before it */
export async function* readSpans(
  member: SpanReader,
  spans: readonly Span[],
  signal: AbortSignal,
  endOf: (partition: TopicPartition) => Promise<number>,
  stalledAfterMs = STALLED_AFTER_MS,
): AsyncGenerator<SourceRecord[]> {
  const left = new Map(spans.map((span) => [partitionName(span), { span, next: span.offset }]))
  let epoch = -1
  let heard = Date.now()
  const bounded = spans.every(({ until }) => until !== undefined)
  while (left.size > 0 && !signal.aborted) {
    if (member.epoch !== epoch) {
      epoch = member.epoch
      for (const partition of member.assigned()) {
        const place = left.get(partitionName(partition))
        if (place) member.seek({ ...partition, offset: place.next })
        else member.pause(partition)
      }
    }
    const polled = await member.poll({ maxRecords: READ_AT_ONCE, maxWaitMs: 500, signal })
    if (polled.epoch !== epoch || member.epoch !== epoch) continue
    const byName = Map.groupBy(polled.records, partitionName)
    for (const [name, place] of left) {
      const records = byName.get(name) ?? []
      const { span, next } = place
      const { until = Number.POSITIVE_INFINITY } = span
      place.next = Math.max(next, (records.at(-1)?.offset ?? -1) + 1, member.handedOut(span) ?? 0)
      if (place.next > next) heard = Date.now()
      if (place.next < until) continue
      left.delete(name)
      member.pause(span)
    }
    for (const records of byName.values()) {
      const [{ topic, partition } = { topic: '', partition: -1 }] = records
      const span = spans.find((one) => one.topic === topic && one.partition === partition)
      if (!span) continue
      const { offset, until = Number.POSITIVE_INFINITY } = span
      yield records.filter((record) => record.offset >= offset && record.offset < until)
      // Whoever reads may take its time.
      heard = Date.now()
    }
    if (!bounded || Date.now() - heard <= stalledAfterMs) continue
    for (const { span, next } of left.values()) {
      const end = Math.min(span.until ?? 0, await endOf(span))
      if (next < end) throw new RangeStalledError(span.topic, span.partition, next, end, stalledAfterMs / 1000)
    }
    // The end is where nothing is yet (--follow).
    heard = Date.now()
  }
}
