// What a function's answer means when its mapping has ReportBatchItemFailures.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html; the conditions for success and failure
// are those that https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html spells out.

import { partitionName, type SourceRecord } from './topic-source.ts'

/** `failedFrom`: per partition name, the first offset that was not processed. */
export type BatchResponse =
  | { readonly kind: 'success' }
  | { readonly kind: 'partial'; readonly failedFrom: ReadonlyMap<string, number> }
  | { readonly kind: 'malformed'; readonly problem: string }

/**
 * Reads an answer to a batch. Nothing, `{}`, and a `batchItemFailures` that is missing, null or empty are success; an
 * identifier that names no record of the batch makes the answer malformed, and a malformed answer is a failure of the
 * whole batch. Of several identifiers in one partition the lowest counts.
 */
export function readBatchResponse(payload: unknown, records: readonly SourceRecord[]): BatchResponse {
  if (payload === null || payload === undefined || payload === '') return { kind: 'success' }
  if (typeof payload !== 'object' || Array.isArray(payload)) return malformed(`it is ${JSON.stringify(payload)}`)
  const failures = 'batchItemFailures' in payload ? payload.batchItemFailures : undefined
  if (failures === null || failures === undefined) return { kind: 'success' }
  if (!Array.isArray(failures)) return malformed('batchItemFailures is no array')
  if (failures.length === 0) return { kind: 'success' }

  const offsets = offsetsByPartition(records)
  const failedFrom = new Map<string, number>()
  for (const [index, failure] of failures.entries()) {
    const found = itemIdentifier(failure)
    if (!found) return malformed(`batchItemFailures[${index}] has no itemIdentifier { partition, offset }`)
    if (!offsets.get(found.partition)?.has(found.offset)) {
      return malformed(`batchItemFailures[${index}] names ${found.partition} offset ${found.offset}, not in the batch`)
    }
    const lowest = failedFrom.get(found.partition)
    if (lowest === undefined || found.offset < lowest) failedFrom.set(found.partition, found.offset)
  }
  return { kind: 'partial', failedFrom }
}

function itemIdentifier(failure: unknown): { partition: string; offset: number } | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined
  const id = failure.itemIdentifier
  if (typeof id !== 'object' || id === null || !('offset' in id)) return undefined
  // AWS' page said `topic-partition` at first, and says `partition` now.
  const partition = 'partition' in id ? id.partition : 'topic-partition' in id ? id['topic-partition'] : undefined
  if (typeof partition !== 'string' || typeof id.offset !== 'number') return undefined
  return { partition, offset: id.offset }
}

function offsetsByPartition(records: readonly SourceRecord[]): Map<string, Set<number>> {
  const offsets = new Map<string, Set<number>>()
  for (const record of records) {
    const name = partitionName(record)
    const set = offsets.get(name)
    if (set) set.add(record.offset)
    else offsets.set(name, new Set([record.offset]))
  }
  return offsets
}

const malformed = (problem: string): BatchResponse => ({ kind: 'malformed', problem })
