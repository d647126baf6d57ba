// Delivers one batch: invoke, commit what succeeded, retry what failed, and give up where the mapping says so.
// Offsets are committed only after an invocation took the records, or after they were discarded as the mapping asks.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html

import type { FunctionInvoker, InvokeResult } from '../invoker/invoker.ts'
import { readBatchResponse } from './batch-response.ts'
import { encodeEvent } from './encode-event.ts'
import type { Batch } from './gather.ts'
import { type EventSourceMapping, retriesOf } from './mapping.ts'
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
  /** How often the function was invoked with them, for themselves or in a larger batch. */
  readonly invocations: number
  /** What the last of these invocations came to. */
  readonly error?: Failure
}

/** How an invocation failed. */
export interface Failure {
  readonly errorType: string
  readonly errorMessage: string
  readonly requestId?: string
  readonly executedVersion?: string
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
export async function deliver(to: Delivery, { epoch, records, heldBack }: Batch): Promise<void> {
  const done = records.length === 0 || (await deliverRecords(to, epoch, records, 0))
  if (done && heldBack.length > 0) await to.member.commit(epoch, heldBack)
}

/** True when all of them are done; `invocations`: those that had them in a larger batch. */
async function deliverRecords(
  to: Delivery,
  epoch: number,
  all: readonly SourceRecord[],
  invocations: number,
): Promise<boolean> {
  const { mapping, member } = to
  const over = (): boolean => to.stopping.aborted || to.killed() || member.epoch !== epoch
  let records = all
  let retries = 0
  let error: Failure | undefined

  for (let attempt = 0; ; attempt++) {
    records = await dropExpired(to, epoch, { records, invocations: invocations + attempt, ...(error && { error }) })
    if (records.length === 0) return true
    const outcome = await invokeOnce(to, epoch, records, attempt)
    if (outcome.kind === 'lost' || to.killed()) return false
    if (outcome.kind === 'success') {
      await member.commit(epoch, afterLast(records))
      return true
    }
    error = outcome.error
    if (outcome.kind === 'partial') {
      const { failedFrom } = outcome
      const failed = (record: SourceRecord): boolean =>
        record.offset >= (failedFrom.get(partitionName(record)) ?? Number.POSITIVE_INFINITY)
      const done = records.filter((record) => !failed(record))
      if (done.length > 0) {
        await member.commit(epoch, afterLast(done))
        // It went forward: what is left counts as a new batch, or a record could be given up for its neighbours' faults.
        retries = -1
      }
      records = records.filter(failed)
    } else if (mapping.bisectOnError && records.length > 1) {
      // Splitting does not count as a retry, and each half has the full number of its own.
      if (over()) return false
      const middle = Math.ceil(records.length / 2)
      if (!(await deliverRecords(to, epoch, records.slice(0, middle), invocations + attempt + 1)) || over())
        return false
      return await deliverRecords(to, epoch, records.slice(middle), invocations + attempt + 1)
    }
    retries++
    if (retries > retriesOf(mapping)) {
      await to.discard({ reason: 'RetryAttemptsExhausted', records, invocations: invocations + attempt + 1, error })
      await member.commit(epoch, afterLast(records))
      return true
    }
    if (over()) return false
    await pause(backoffMs(to.backoff, retries), to.stopping)
    if (over()) return false
  }
}

type Outcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failure'; readonly error: Failure }
  | { readonly kind: 'partial'; readonly error: Failure; readonly failedFrom: ReadonlyMap<string, number> }

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
      return {
        kind: 'failure',
        error: {
          errorType: 'MalformedBatchResponse',
          errorMessage: `The function's batch response is malformed: ${response.problem}.`,
        },
      }
    case 'partial': {
      const from = [...response.failedFrom].map(([partition, offset]) => `${partition} from ${offset}`).join(', ')
      const error = {
        errorType: 'BatchItemFailures',
        errorMessage: `The function reported failures: ${from}.`,
      }
      return { kind: 'partial', error, failedFrom: response.failedFrom }
    }
  }
}

async function dropExpired(
  to: Delivery,
  epoch: number,
  { records, ...tried }: Omit<Discarded, 'reason'>,
): Promise<readonly SourceRecord[]> {
  if (to.mapping.maximumRecordAgeMs === -1) return records
  const oldest = Date.now() - to.mapping.maximumRecordAgeMs
  const expired = records.filter((record) => record.timestamp < oldest)
  if (expired.length === 0) return records
  await to.discard({ ...tried, reason: 'MaximumRecordAgeExceeded', records: expired })
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
