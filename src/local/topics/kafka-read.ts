// Reading spans of a Kafka topic. kafkajs reads only as a member of a group, so this is one of its own, which commits nothing and is
// deleted in the end.

import { randomUUID } from 'node:crypto'
import { type KafkaSourceOptions, kafkaClient, withAdmin } from '../event-source/kafka-client.ts'
import { kafkaSource } from '../event-source/kafka-source.ts'
import { type GroupMember, partitionName, type SourceRecord } from '../event-source/topic-source.ts'
import type { Span } from './cluster.ts'

const READ_AT_ONCE = 1000

/**
 * For how long nothing may come of a span that has an end: what is left of it then are no records, but marks of transactions or what
 * compaction has taken away. A broker answers a fetch within 100 ms, a new leader is there within some seconds.
 */
const QUIET_MS = 6000

export async function* readKafka(
  options: KafkaSourceOptions,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<SourceRecord[]> {
  const wanted = spans.filter(({ offset, until = Number.POSITIVE_INFINITY }) => offset < until)
  if (wanted.length === 0) return
  const groupId = `millrace-read-${randomUUID()}`
  // What it gets over by itself is no news to who reads.
  const source = kafkaSource({ log: () => {}, ...options })
  try {
    const topics = [...new Set(wanted.map(({ topic }) => topic))]
    const member = await source.join({ groupId, topics, startingPosition: { type: 'TRIM_HORIZON' } })
    yield* readAs(member, wanted, signal)
  } finally {
    await source.close()
    const client = kafkaClient(options)
    await withAdmin(client, (admin) => admin.deleteGroups([groupId])).catch(() => {})
    client.cut()
  }
}

async function* readAs(
  member: GroupMember,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<SourceRecord[]> {
  const left = new Map(spans.map((span) => [partitionName(span), { span, next: span.offset }]))
  let epoch = -1
  let heard = Date.now()
  const bounded = spans.every(({ until }) => until !== undefined)
  while (left.size > 0 && !signal.aborted && !(bounded && Date.now() - heard > QUIET_MS)) {
    if (member.epoch !== epoch) {
      epoch = member.epoch
      for (const partition of member.assigned()) {
        const place = left.get(partitionName(partition))
        if (place) member.seek({ ...partition, offset: place.next })
        else member.pause(partition)
      }
    }
    const polled = await member.poll({ maxRecords: READ_AT_ONCE, maxWaitMs: 500, signal })
    if (polled.epoch !== epoch) continue
    if (polled.records.length > 0) heard = Date.now()
    for (const [name, records] of Map.groupBy(polled.records, partitionName)) {
      const place = left.get(name)
      if (!place) continue
      const { until = Number.POSITIVE_INFINITY } = place.span
      place.next = (records.at(-1)?.offset ?? place.next - 1) + 1
      if (place.next >= until) {
        left.delete(name)
        member.pause(place.span)
      }
      yield records.filter(({ offset }) => offset >= place.span.offset && offset < until)
    }
  }
}
