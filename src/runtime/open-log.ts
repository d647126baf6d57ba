// The log of one of a job's tasks, as the job works with it: what has expired is never taken for the whole.

import { causeFacts } from '../errors/errors.ts'
import type { JobSettings } from '../graph/job.ts'
import { isSourceCommit, type SourceCommit } from '../log/commit-record.ts'
import { TaskLog } from '../log/task-log.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { SourceKind } from '../sources/source.ts'
import type { Environment } from './environment.ts'

/** The log of a source task: where the task stands is its source's to read and to check. */
export function openSourceLog(
  ref: TaskRef,
  source: SourceKind,
  environment: Environment,
  settings: Pick<JobSettings, 'retention'>,
): TaskLog<SourceCommit> {
  const isRecord = (value: unknown): value is SourceCommit =>
    isSourceCommit(value) && (value.position === undefined || source.isPosition(value.position))
  return openLog(ref, environment, settings, isRecord)
}

export function openLog<R>(
  ref: TaskRef,
  { table, objects, bucket, newId, clock, trustExpired, log }: Environment,
  { retention }: Pick<JobSettings, 'retention'>,
  isRecord: (value: unknown) => value is R,
): TaskLog<R> {
  const leftBehind = (task: TaskRef, cause: unknown): void =>
    log.warn({ ...task, ...causeFacts(cause) }, 'could not delete spilled records that nothing needs any more')
  const life = { now: () => clock.now(), retention, trustExpired, leftBehind }
  return new TaskLog(ref, table, objects, bucket, isRecord, newId, life)
}
