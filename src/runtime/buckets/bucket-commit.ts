// What a bucket commits, pure: what it has run, or an entry that stays when it falls quiet.

import type { JobSettings } from '../../graph/job.ts'
import type { BucketCommit, SnapshotPointer } from '../../log/commit-record.ts'
import type { Entry } from '../../log/task-log.ts'
import type { Waiting } from '../../operators/operator.ts'
import { LEAST_RETENTION } from '../snapshot-due.ts'

/** What a run has come to, and who says so. */
type Ran = Required<Pick<BucketCommit, 'plan'>> &
  Pick<BucketCommit, 'at' | 'code' | 'closedUntil' | 'ran' | 'due' | 'state' | 'partials' | 'outbox'>

/**
 * @param head the entry that it follows
 * @param fresh a snapshot of the state as of that entry, if one has been written
 */
export function bucketCommit(
  head: Entry<BucketCommit> | undefined,
  fresh: SnapshotPointer | undefined,
  { at, code, plan, closedUntil, ran, due, state, partials, outbox }: Ran,
  { retention }: Pick<JobSettings, 'retention'>,
  waiting?: Waiting,
): BucketCommit {
  const last = fresh || head?.record.kind === 'birth' ? undefined : head
  return {
    kind: 'bucket',
    at,
    code,
    plan,
    closedUntil,
    ran,
    due,
    ...waitsFrom(waiting),
    state,
    snapshot: fresh ?? head?.record.snapshot,
    logBytes: (last?.record.logBytes ?? 0) + (last?.bytes ?? 0),
    logSince: last?.record.logSince ?? at,
    logFor: Math.min(retention, last ? (last.record.logFor ?? LEAST_RETENTION) : retention),
    partials,
    outbox,
  }
}

/** What has become of batches that wait, between two closings; it says the rest as the entry before it does. */
export function bucketNote(
  head: Entry<BucketCommit>,
  fresh: SnapshotPointer | undefined,
  said: Pick<Ran, 'at' | 'code' | 'plan' | 'state'>,
  settings: Pick<JobSettings, 'retention'>,
  waiting: Waiting,
): BucketCommit {
  const { closedUntil, due, partials, plan = said.plan } = head.record
  return bucketCommit(
    head,
    fresh,
    { ...said, plan, closedUntil, due, partials, ran: [], outbox: [] },
    settings,
    waiting,
  )
}

function waitsFrom(waiting: Waiting | undefined): Pick<BucketCommit, 'waitsFrom'> {
  const first = waiting?.first()
  return first ? { waitsFrom: first.from } : {}
}

/** An entry that does not expire and stands on a snapshot of its own, so that all before it may go. */
export function bucketSeal(head: BucketCommit, at: number, snapshot: SnapshotPointer): BucketCommit {
  const quiet = { ran: [], state: [], partials: [], outbox: [], logBytes: 0, logSince: at }
  return { ...head, kind: 'seal', at, snapshot, ...quiet }
}
