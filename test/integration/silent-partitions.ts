// Where silent partitions were moved on, by the logs: records behind such a place belong to a later batch than their timestamps
// say, rightly so (I2), and on a busy machine it happens to tests that did not ask for it.

import { isCloseCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { CLOSE_STAGE, SOURCE_STAGE } from '../../src/names/tasks.ts'
import { isKafkaCommit } from '../../src/sources/kafka/position.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { CommitLog } from '../../src/stores/table.ts'
import { type MovedOn, movedOnIn } from '../soak/moved-on.ts'

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
  const closing = { job, stage: CLOSE_STAGE, task: '0' }
  const closings = await new TaskLog(closing, table, objects, bucket, isCloseCommit).read(0, true)
  return movedOnIn(
    task,
    entries.map(({ version, record }) => ({ ...record, version })),
    closings.map(({ record }) => record),
  )
}
