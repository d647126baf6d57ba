// Topics and their event source, as a model: partitions with records, a committed offset each, deliveries that succeed or
// fail, and everything that at-least-once allows: other cuts, duplicates, offsets that are moved back, old events again.

import { partitionName } from '../../names/tasks.ts'
import type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord } from '../../sources/kafka/event.ts'
import type { Random } from './random.ts'

export class Partition {
  readonly topic: string
  readonly partition: number
  readonly records: KafkaEventRecord[]
  /** How many records exist by now. */
  produced = 0
  /** The consumer group's offset. */
  next: number
  /** A delivery is under way. */
  busy = false

  constructor(topic: string, partition: number, records: readonly KafkaEventRecord[]) {
    this.topic = topic
    this.partition = partition
    this.records = [...records]
    this.next = this.first
  }

  /** As tasks and events name it. */
  get name(): string {
    return partitionName(this.topic, this.partition)
  }

  get first(): number {
    return this.records[0]?.offset ?? 0
  }

  /** Records in [from, until) that exist. */
  slice(from: number, until: number): readonly KafkaEventRecord[] {
    return this.records.slice(Math.max(0, from - this.first), Math.min(this.produced, until - this.first))
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
    const taken = partition.slice(partition.next, partition.next + random.int(1, most + 1))
    records[partition.name] = taken
    parts.push({ partition, until: partition.next + taken.length })
  }
  return { event: kafkaEventOf(records), parts }
}

export function kafkaEventOf(records: Readonly<Record<string, readonly KafkaEventRecord[]>>): KafkaEvent {
  return { eventSource: 'SelfManagedKafka', records }
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
