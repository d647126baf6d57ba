// When a task with state takes a snapshot (DESIGN §3).

import type { JobSettings } from '../graph/job.ts'
import type { CloseCommit, SnapshotPointer } from '../log/commit-record.ts'

/** Logs below this are never worth a snapshot: reading them is one page of a query. */
const SNAPSHOT_FROM_BYTES = 64 * 1024

/** What `retention` is at least: entries that do not say for how long they were written are kept for so long in any case. */
export const LEAST_RETENTION = 3_600_000

/** Memory of a log counts for so long: whatever retention other code has, nothing that it has written since has expired. */
export function trustedFor({ retention }: Pick<JobSettings, 'retention'>): number {
  return Math.min(retention, LEAST_RETENTION) / 2
}

/** For how long the entries of a job that are not sealed yet are kept at least: code may have changed `retention` since. */
export function keptFor(
  { kind, at, retention: before = LEAST_RETENTION }: CloseCommit,
  { retention }: Pick<JobSettings, 'retention'>,
): number {
  const none = kind === 'seal' || at === 0
  return none ? retention : Math.min(retention, before)
}

/** What a commit says about the log since the last snapshot. */
interface LogSinceSnapshot {
  readonly snapshot: SnapshotPointer | undefined
  readonly logBytes: number
  readonly logSince: number
  readonly logFor?: number
}

/**
 * When the log since the last one has outgrown it, so that recovery reads at most about twice the state; and in time before
 * entries that recovery would need expire.
 *
 * @param headBytes of the entry that says so, which `logBytes` does not count
 */
export function isSnapshotDue(
  { snapshot, logBytes, logSince, logFor = LEAST_RETENTION }: LogSinceSnapshot,
  headBytes: number,
  now: number,
  { retention }: JobSettings,
): boolean {
  const outgrown = logBytes + headBytes > Math.max(SNAPSHOT_FROM_BYTES, snapshot?.bytes ?? 0)
  return outgrown || now - logSince > Math.min(retention, logFor) / 4
}
