// When a task with state takes a snapshot (DESIGN §3).

import type { SnapshotPointer } from '../state/commit-record.ts'
import type { JobSettings } from '../stream/job.ts'

/** Logs below this are never worth a snapshot: reading them is one page of a query. */
const SNAPSHOT_FROM_BYTES = 64 * 1024

/** What a commit says about the log since the last snapshot. */
interface LogSinceSnapshot {
  readonly snapshot: SnapshotPointer | undefined
  readonly logBytes: number
  readonly logSince: number
}

/**
 * When the log since the last one has outgrown it, so that recovery reads at most about twice the state; and in time before
 * entries that recovery would need expire.
 *
 * @param headBytes of the entry that says so, which `logBytes` does not count
 */
export function isSnapshotDue(
  { snapshot, logBytes, logSince }: LogSinceSnapshot,
  headBytes: number,
  now: number,
  { retention }: JobSettings,
): boolean {
  const outgrown = logBytes + headBytes > Math.max(SNAPSHOT_FROM_BYTES, snapshot?.bytes ?? 0)
  return outgrown || now - logSince > retention / 4
}
