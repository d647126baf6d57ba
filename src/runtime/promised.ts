// What a job has promised last: the objects in the newest entry of each of its logs. Whether they are published is not written down.

import { type Effect, isBucketCommit, isCloseCommit, isSourceCommit } from '../log/commit-record.ts'
import { TaskLog } from '../log/task-log.ts'
import { bucketTask, closingTask, sourceTask, type TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { StateTable } from '../stores/table.ts'
import { objectsOf, type PromisedObject } from './effects.ts'

export interface Promised extends PromisedObject {
  readonly stage: string
  readonly task: string
}

export async function promisedOf(table: StateTable, objects: ObjectStore, job: string): Promise<Promised[]> {
  const headOf = <R>(ref: TaskRef, isRecord: (value: unknown) => value is R) =>
    new TaskLog(ref, table, objects, '', isRecord).head()
  const closing = closingTask(job)
  const close = (await headOf(closing, isCloseCommit))?.record
  const sources = (close?.tasks ?? []).map(async ({ task }) => {
    const ref = sourceTask(job, task)
    return promises(ref, (await headOf(ref, isSourceCommit))?.record.outbox ?? [])
  })
  const buckets = (close?.buckets ?? []).flatMap(([stage, versions]) =>
    versions.map(async (_, bucket) => {
      const ref = bucketTask(job, stage, bucket)
      return promises(ref, (await headOf(ref, isBucketCommit))?.record.outbox ?? [])
    }),
  )
  const own = promises(closing, close?.outbox ?? [])
  return [...(await Promise.all([...sources, ...buckets])).flat(), ...own]
}

function promises({ stage, task }: TaskRef, outbox: readonly Effect[]): Promised[] {
  return objectsOf(outbox).map((object) => ({ stage, task, ...object }))
}
