// Partitions that are lists of records, for tests of bounded runs.

import type { BoundedPartition } from '../../../src/local/bounded/bounded-partition.ts'
import type { KafkaEventRecord } from '../../../src/sources/kafka/event.ts'

export interface Listed {
  readonly value: string
  readonly at: number
  readonly key?: string
}

export function eventRecord(
  topic: string,
  partition: number,
  offset: number,
  { value, at, key }: Listed,
): KafkaEventRecord {
  return {
    ...{ topic, partition, offset, timestamp: at, timestampType: 'CREATE_TIME' },
    value: Buffer.from(value).toString('base64'),
    ...(key !== undefined && { key: Buffer.from(key).toString('base64') }),
  }
}

/** @param sizes of the pieces, again and again */
export function listed(
  topic: string,
  partition: number,
  records: readonly Listed[],
  sizes: readonly number[] = [10_000],
): BoundedPartition {
  let [at, n] = [0, 0]
  return {
    topic,
    partition,
    get done() {
      return records.length === 0 ? 1 : at / records.length
    },
    async next() {
      if (at >= records.length) return undefined
      const from = at
      at = Math.min(records.length, at + (sizes[n++ % sizes.length] ?? 1))
      return records.slice(from, at).map((record, i) => eventRecord(topic, partition, from + i, record))
    },
  }
}
