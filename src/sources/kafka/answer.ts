// What Lambda is told of partitions that failed, when the mapping takes it: where to go on in each.

import { PoisonRecordError } from '../../errors/runtime-errors.ts'
import type { FailedDelivery } from '../source.ts'
import type { KafkaBatchResponse, KafkaEventRecord } from './event.ts'

export function answer(failed: readonly FailedDelivery<KafkaEventRecord>[]): KafkaBatchResponse['batchItemFailures'] {
  return failed.map(({ task: partition, records, error }) => {
    const offset = error instanceof PoisonRecordError ? error.offset : (records[0]?.offset ?? 0)
    return { itemIdentifier: { partition, offset } }
  })
}
