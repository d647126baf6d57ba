// Topics and their event source, as a model: partitions with records, a committed offset each, deliveries that succeed or
// fail, and everything that at-least-once allows: other cuts, duplicates, offsets that are moved back, old events again.

import type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord } from '../../src/lambda/kafka-event.ts'
import { eventRecord } from '../support/kafka-events.ts'
import type { Random } from './random.ts'

export class Partition {
  readonly name: string
  records: readonly KafkaEventRecord[]
  /** How many records exist by now. */
  produced = 0
  /** The consumer group's offset. */
  next: number
  /** A delivery is under way. */
  busy = false

  constructor(name: string, records: readonly KafkaEventRecord[]) {
    this.name = name
    this.records = records
    this.next = this.first
  }

  get first(): number {
    return this.records[0]?.offset ?? 0
  }

  /** Records in [from, from + count) that exist. */
  slice(from: number, count: number): readonly KafkaEventRecord[] {
    return this.records.slice(from - this.first, Math.min(this.produced, from - this.first + count))
  }

  get pending(): number {
    return this.first + this.produced - this.next
  }
}

/** One event: of each partition some records. */
export interface Delivery {
  readonly event: KafkaEvent
  readonly parts: readonly { readonly partition: Partition; readonly until: number }[]
}

/** The next records of these partitions. */
export function takeNext(partitions: readonly Partition[], random: Random, most: number): Delivery {
  const parts: { partition: Partition; until: number }[] = []
  const records: Record<string, readonly KafkaEventRecord[]> = {}
  for (const partition of partitions) {
    const taken = partition.slice(partition.next, random.int(1, most + 1))
    records[partition.name] = taken
    parts.push({ partition, until: partition.next + taken.length })
  }
  return { event: { eventSource: 'SelfManagedKafka', records }, parts }
}

/** What the event source does with an answer: the group's offset goes on, or stays and the records come again. */
export function acknowledge({ parts }: Delivery, answer: KafkaBatchResponse | undefined | 'failed'): void {
  for (const { partition, until } of parts) {
    partition.busy = false
    if (answer === 'failed') continue
    const failure = answer?.batchItemFailures.find(({ itemIdentifier }) => itemIdentifier.partition === partition.name)
    partition.next = failure ? failure.itemIdentifier.offset : until
  }
}

/** Records with timestamps that mostly grow, some out of order, some far apart. */
export function makeRecords(
  { topic, partition, first }: { topic: string; partition: number; first: number },
  count: number,
  start: number,
  nameOf: (offset: number) => string,
  random: Random,
): KafkaEventRecord[] {
  let at = start + random.int(0, 1500)
  return Array.from({ length: count }, (_, i) => {
    at += random.chance(0.1) ? random.int(0, 3000) : random.int(0, 400)
    const timestamp = random.chance(0.15) ? Math.max(0, at - random.int(0, 2500)) : at
    return eventRecord(topic, partition, { offset: first + i, timestamp, value: nameOf(first + i) })
  })
}
