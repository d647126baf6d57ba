// Snapshots of a task, and what becomes of those before: storage is bounded by state and what `retention` may still name.

import { causeFacts } from '../errors/errors.ts'
import type { JobSettings } from '../graph/job.ts'
import type { BucketCommit, SnapshotPointer } from '../log/commit-record.ts'
import { dropSuperseded, writeSnapshot } from '../log/snapshots.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Environment } from './environment.ts'

/**
 * Writes a snapshot, before the commit that names it, and drops what nothing names any more.
 *
 * @param current what the newest commit names.
 */
export async function saveSnapshot(
  { objects, bucket, clock, newId, log }: Environment,
  { retention }: Pick<JobSettings, 'retention'>,
  task: TaskRef,
  version: number,
  state: BucketCommit['state'],
  current: SnapshotPointer | undefined,
): Promise<SnapshotPointer> {
  const now = clock.now()
  const written = await writeSnapshot(objects, bucket, task, version, state, now, current, newId)
  try {
    await dropSuperseded(objects, bucket, task, current, now - retention)
  } catch (error) {
    // What is left behind costs a little; the next one tries again.
    log.warn({ ...task, ...causeFacts(error) }, 'could not drop snapshots that nothing needs any more')
  }
  return written
}
