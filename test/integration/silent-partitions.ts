// Where silent partitions were moved on, by the logs: records behind such a place belong to a later batch than their timestamps
// say, rightly so (I2), and on a busy machine it happens to tests that did not ask for it.

import { TaskLog } from '../../src/log/task-log.ts'
import { SOURCE_STAGE } from '../../src/names/tasks.ts'
import { isKafkaCommit } from '../../src/sources/kafka/position.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { CommitLog } from '../../src/stores/table.ts'
import type { MovedOn } from '../soak/commits.ts'

export interface Logs {
  readonly table: CommitLog
  readonly objects: ObjectStore
  /** Millrace's own. */
  readonly bucket: string
  readonly job: string
}

/** @param task `<topic>-<partition>` */
export async function readMovedOn({ table, objects, bucket, job }: Logs, task: string): Promise<MovedOn[]> {
  const ref = { job, stage: SOURCE_STAGE, task }
  const entries = await new TaskLog(ref, table, objects, bucket, isKafkaCommit).read(0, true)
  return entries.flatMap(({ record: { kind, position, frontier } }) =>
    kind === 'idle' ? [{ offset: position?.until ?? 0, frontier }] : [],
  )
}
