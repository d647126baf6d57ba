// What a bucket keeps, as its log says it, whatever code wrote it: the last snapshot and the changes since.

import type { TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { StateTable } from '../stores/table.ts'
import { type BucketCommit, isBucketCommit } from './commit-record.ts'
import { readSnapshot } from './snapshots.ts'
import { TaskLog } from './task-log.ts'

/** Where the logs are. */
export interface Logs {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** The bucket of what is Millrace's own. */
  readonly bucket: string
}

/** Changes by operator, in the order in which they were made; none when there is no such log. */
export async function keptBy(task: TaskRef, { table, objects, bucket }: Logs): Promise<BucketCommit['state']> {
  const log = new TaskLog(task, table, objects, bucket, isBucketCommit)
  const head = (await log.head())?.record
  if (!head) return []
  const { snapshot } = head
  const before = snapshot ? await readSnapshot(objects, snapshot) : []
  const since = await log.read(snapshot?.version ?? 0, true)
  return [...before, ...since.flatMap(({ record }) => record.state)]
}
