// Delivers one batch: invoke, commit what succeeded, retry what failed, and give up where the mapping says so.
// Offsets are committed only after an invocation took the records, or after they were discarded as the mapping asks.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html

import type { FunctionInvoker, InvokeResult } from '../invoker/invoker.ts'
import { readBatchResponse } from './batch-response.ts'
import { encodeEvent } from './encode-event.ts'
import type { Batch } from './gather.ts'
import type { EventSourceMapping } from './mapping.ts'
import { type GroupMember, type NextOffset, partitionName, type SourceRecord } from './topic-source.ts'
import { pause } from './wakeable.ts'

/** How long to wait between attempts: doubling from `initialMs` to `maxMs`, each shortened by up to half at random. */
export interface Backoff {
  readonly initialMs: number
  readonly maxMs: number
}

/** One finished invocation. */
export interface InvocationReport {
  readonly records: number
  /** Bytes of the event. */
  readonly bytes: number
  readonly durationMs: number
  /** 0 for the first attempt. */
  readonly attempt: number
  /** `partial`: some of the records failed; `lost`: it ended after the partitions were revoked, so nothing was committed. */
  readonly outcome: 'success' | 'partial' | 'failure' | 'lost'
  readonly error?: { readonly errorType: string; readonly errorMessage: string }
}

/** Records that will not be delivered again, and why. */
export interface Discarded {
  readonly reason: 'RetryAttemptsExhausted' | 'MaximumRecordAgeExceeded' | 'RecordTooLarge'
  readonly records: readonly SourceRecord[]
  readonly error?: { readonly errorType: string; readonly errorMessage: string }
}

/** What delivering needs to know of its poller. */
export interface Delivery {
  readonly mapping: EventSourceMapping
  readonly member: GroupMember
  readonly invoker: FunctionInvoker
  readonly backoff: Backoff
  /** Aborts when the poller stops: the attempt under way is finished, the next is not begun. */
  readonly stopping: AbortSignal
  /** True once the poller was killed: results are thrown away. */
  readonly killed: () => boolean
  readonly report: (invocation: InvocationReport) => void
  /** Awaited before the offsets of discarded records are committed: where a failure destination goes. */
  readonly discard: (discarded: Discarded) => Promise<void>
}

/** Delivers a batch until all of it is done, or the poller stops, or its partitions are taken away. */
export async function deliver(to: Delivery, batch: Batch): Promise<void> {
  const { mapping, member } = to
  const over = (): boolean => to.stopping.aborted || to.killed() || member.epoch !== batch.epoch
  let records = batch.records
  let retries = 0

  for (let attempt = 0; ; attempt++) {
    records = await dropExpired(to, batch.epoch, records)
    if (records.length === 0) return
    const outcome = await invokeOnce(to, batch.epoch, records, attempt)
    if (outcome.kind === 'lost' || to.killed()) return
    if (outcome.kind === 'success') {
      await member.commit(batch.epoch, afterLast(records))
      return
    }
    if (outcome.kind === 'partial') {
      const rest = records.filter(
        (record) => record.offset >= (outcome.failedFrom.get(partitionName(record)) ?? Infinity),
      )
      const done = records.filter(
        (record) => record.offset < (outcome.failedFrom.get(partitionName(record)) ?? Infinity),
      )
      if (done.length > 0) {
        await member.commit(batch.epoch, afterLast(done))
        // It went forward: what is left counts as a new batch, or a record could be given up for its neighbours' faults.
        retries = -1
      }
      records = rest
    } else if (mapping.bisectOnError && records.length > 1) {
      // Splitting does not count as a retry, and each half has the full number of its own.
      if (over()) return
      const middle = Math.ceil(records.length / 2)
      await deliver(to, { epoch: batch.epoch, records: records.slice(0, middle) })
      if (over()) return
      return await deliver(to, { epoch: batch.epoch, records: records.slice(middle) })
    }
    retries++
    if (mapping.maximumRetryAttempts !== -1 && retries > mapping.maximumRetryAttempts) {
      await to.discard({ reason: 'RetryAttemptsExhausted', records, error: outcome.error })
      await member.commit(batch.epoch, afterLast(records))
      return
    }
    if (over()) return
    await pause(backoffMs(to.backoff, retries), to.stopping)
    if (over()) return
  }
}

type Outcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failure'; readonly error: Failure }
  | { readonly kind: 'partial'; readonly error: Failure; readonly failedFrom: ReadonlyMap<string, number> }

interface Failure {
  readonly errorType: string
  readonly errorMessage: string
}

async function invokeOnce(
  to: Delivery,
  epoch: number,
  records: readonly SourceRecord[],
  attempt: number,
): Promise<Outcome> {
  const payload = encodeEvent(to.mapping, records)
  const started = performance.now()
  const result = await to.invoker.invoke(payload)
  const outcome: Outcome = to.member.epoch === epoch ? outcomeOf(to.mapping, result, records) : { kind: 'lost' }
  to.report({
    records: records.length,
    bytes: Buffer.byteLength(payload),
    durationMs: performance.now() - started,
    attempt,
    outcome: outcome.kind,
    ...('error' in outcome && { error: outcome.error }),
  })
  return outcome
}

function outcomeOf(mapping: EventSourceMapping, result: InvokeResult, records: readonly SourceRecord[]): Outcome {
  if (!result.ok) return { kind: 'failure', error: result }
  if (!mapping.reportBatchItemFailures) return { kind: 'success' }
  const response = readBatchResponse(result.payload, records)
  switch (response.kind) {
    case 'success':
      return { kind: 'success' }
    case 'malformed':
      return failed('MalformedBatchResponse', `The function's batch response is malformed: ${response.problem}.`)
    case 'partial': {
      const from = [...response.failedFrom].map(([partition, offset]) => `${partition} from ${offset}`).join(', ')
      const error = { errorType: 'BatchItemFailures', errorMessage: `The function reported failures: ${from}.` }
      return { kind: 'partial', error, failedFrom: response.failedFrom }
    }
  }
}

const failed = (errorType: string, errorMessage: string): Outcome => ({
  kind: 'failure',
  error: { errorType, errorMessage },
})

async function dropExpired(
  to: Delivery,
  epoch: number,
  records: readonly SourceRecord[],
): Promise<readonly SourceRecord[]> {
  if (to.mapping.maximumRecordAgeMs === -1) return records
  const oldest = Date.now() - to.mapping.maximumRecordAgeMs
  const expired = records.filter((record) => record.timestamp < oldest)
  if (expired.length === 0) return records
  await to.discard({ reason: 'MaximumRecordAgeExceeded', records: expired })
  const fresh = records.filter((record) => record.timestamp >= oldest)
  // Committing the expired ones must not pass over a fresh one before them, so it waits for those of its partition.
  const waiting = new Set(fresh.map(partitionName))
  const done = afterLast(expired.filter((record) => !waiting.has(partitionName(record))))
  if (done.length > 0) await to.member.commit(epoch, done)
  return fresh
}

/** Per partition, the offset after its last record. */
export function afterLast(records: readonly SourceRecord[]): NextOffset[] {
  const next = new Map<string, NextOffset>()
  for (const { topic, partition, offset } of records) {
    next.set(partitionName({ topic, partition }), { topic, partition, offset: offset + 1 })
  }
  return [...next.values()]
}

function backoffMs({ initialMs, maxMs }: Backoff, retries: number): number {
  const full = Math.min(maxMs, initialMs * 2 ** Math.min(30, Math.max(0, retries - 1)))
  return full * (0.5 + Math.random() / 2)
}
