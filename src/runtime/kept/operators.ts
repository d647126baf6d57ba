// Which operators of a job keep something, and in which tasks: by the schema that the code which ran it last has left in the table.

import { isCloseCommit } from '../../log/commit-record.ts'
import type { Logs } from '../../log/kept-state.ts'
import { TaskLog } from '../../log/task-log.ts'
import { bucketTask, closingTask, type TaskRef } from '../../names/tasks.ts'
import type { KeptForm } from '../../operators/kept.ts'
import { keptFormOf } from '../../operators/kept-forms.ts'
import { type JobSchema, keepsState, type OperatorSchema } from '../../plan/schema.ts'
import { Kinds } from '../../sources/kinds.ts'
import { bucketOf } from '../../values/hash.ts'
import { keptSchema } from '../claim.ts'

/** An operator that keeps something. */
export interface KeptOperator {
  readonly id: string
  readonly kind: string
  /** Undefined of a kind that this code does not know. */
  readonly form: KeptForm | undefined
  /** `in place`: in the partitions of a topic, otherwise in the buckets of a stage. */
  readonly place: { readonly topic: string } | { readonly stage: string | undefined; readonly buckets: number }
  /** The code that ran the job last does not have it: it is kept for code that has. */
  readonly unread: boolean
  /** Where it keeps something, or could. */
  readonly tasks: readonly TaskRef[]
}

export interface KeptJob {
  readonly job: string
  /** The batch interval, milliseconds. */
  readonly batch: number
  /** Batches up to here are closed. */
  readonly closedUntil: number
  readonly operators: readonly KeptOperator[]
  /** Ids of operators on closed batches that keep nothing from one to the next. */
  readonly others: readonly { readonly id: string; readonly kind: string }[]
}

/** Undefined when the table does not know the job. A read of a row, and one of the closing log. */
export async function keptJob(job: string, logs: Logs): Promise<KeptJob | undefined> {
  const { table, objects, bucket } = logs
  const [schema, closing] = await Promise.all([
    keptSchema(table, job),
    new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit).head(),
  ])
  if (!schema) return undefined
  const { tasks = [], buckets = [], closedUntil = 0 } = closing?.record ?? {}
  const kinds = new Kinds([])
  const known: Known = {
    job,
    stages: new Map(buckets.map(([stage, versions]) => [stage, versions.length])),
    sources: tasks.map(({ stage, task }) => ({ feed: kinds.feedOf(task), ref: { job, stage, task } })),
  }
  return {
    job,
    batch: schema.batch,
    closedUntil,
    operators: keepers(schema).map((one) => keptOperator(one, known)),
    others: schema.operators.filter((one) => !keepsState(one)).map(({ id, kind }) => ({ id, kind })),
  }
}

/** What the closing log knows of. */
interface Known {
  readonly job: string
  readonly stages: ReadonlyMap<string, number>
  readonly sources: readonly { readonly feed: string; readonly ref: TaskRef }[]
}

type Keeper = OperatorSchema & { readonly unread: boolean }

function keepers({ operators, unread = [] }: JobSchema): Keeper[] {
  const now = operators.filter(keepsState).map((one) => ({ ...one, unread: false }))
  return [...now, ...unread.map((one) => ({ ...one, unread: true }))]
}

function keptOperator({ id, kind, numPartitions, stage, topic, unread }: Keeper, known: Known): KeptOperator {
  const base = { id, kind, form: keptFormOf(kind), unread }
  const { job, stages, sources } = known
  if (topic !== undefined) {
    const tasks = sources.flatMap(({ feed, ref }) => (feed === topic ? [ref] : []))
    return { ...base, place: { topic }, tasks }
  }
  // Older code has not said which stage: it may be in any.
  const candidates = stage === undefined ? [...stages] : [[stage, stages.get(stage) ?? 0] as const]
  const tasks = candidates.flatMap(([of, count]) => Array.from({ length: count }, (_, i) => bucketTask(job, of, i)))
  return { ...base, place: { stage, buckets: numPartitions }, tasks }
}

/**
 * The tasks in which a key can be: one bucket, where keys are spread by their hash. Who has partitioned a topic nobody knows, and a
 * window goes wherever its input is.
 *
 * @throws InvalidKeyError for one that cannot be compared by value
 */
export function tasksOfKey({ form, place, tasks }: KeptOperator, key: unknown): readonly TaskRef[] {
  const hashed = 'buckets' in place ? bucketOf(key, place.buckets) : undefined
  if (hashed === undefined || !form?.byKey) return tasks
  return tasks.filter(({ task }) => task === String(hashed))
}
