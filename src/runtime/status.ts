// How a job is doing, for `millrace status`: what the heads of its logs say, and what is under way. A read per task; the logs of buckets are
// read only where a function still has to be called.

import {
  type BucketCommit,
  type Counters,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
} from '../log/commit-record.ts'
import { keptBy, type Logs } from '../log/kept-state.ts'
import { TaskLog } from '../log/task-log.ts'
import { WAKE_ROW } from '../names/rows.ts'
import { bucketTask, closingTask, type TaskRef } from '../names/tasks.ts'
import { earliest } from './time.ts'
import { troubles } from './trouble.ts'
import { armedIn } from './wake-row.ts'

/** Of one source task. Times are milliseconds. */
export interface SourceStatus {
  readonly task: string
  /** Where it stands, as its source has it; absent: it has committed no record yet. */
  readonly position?: unknown
  /** It will add nothing below this time any more. */
  readonly frontier: number
  /** The clock at its last commit, and at the last one that held records. */
  readonly committedAt: number
  readonly activeAt: number
  /** `asleep`: silent for long, it holds nobody back. `sealed`: silent, its last entry does not expire. */
  readonly state: 'awake' | 'asleep' | 'sealed'
  /** Over its life. */
  readonly totals: Counters
  /** It fails, or takes long, at this record since then. */
  readonly trouble?: { readonly since: number; readonly waitingFor: number | string }
}

/** Of one bucket of a stage. */
export interface BucketStatus {
  readonly stage: string
  readonly bucket: number
  /** The last batch that gave it something to do, and its commit: one that has nothing to do writes nothing. */
  readonly closedUntil: number
  readonly committedAt: number
  /** The next batch in which something has to be done although nothing may come. */
  readonly due?: number
}

/** Batches that an output of `foreachRDD` still has to be called for. */
export interface WaitingStatus {
  readonly output: string
  /** The first of them, and how many there are. */
  readonly time: number
  readonly batches: number
  /** How often the first was tried, and when it may be again. */
  readonly attempts: number
  readonly from: number
}

export interface JobStatus {
  readonly job: string
  /** Batches up to this time are closed. */
  readonly closedUntil: number
  readonly closedAt: number
  /** The version of the code that committed last. */
  readonly code: string
  readonly sources: readonly SourceStatus[]
  readonly buckets: readonly BucketStatus[]
  readonly waiting: readonly WaitingStatus[]
  /** When the job is brought back although nothing arrives. */
  readonly wakeUps: readonly number[]
}

/** Undefined when the table does not know the job. */
export async function statusOf(job: string, logs: Logs, now: number): Promise<JobStatus | undefined> {
  const { table, objects, bucket } = logs
  const head = (await new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit).head())?.record
  if (!head) return undefined
  const [known, row] = await Promise.all([troubles(table, job), table.getRow(job, WAKE_ROW)])
  const sources = head.tasks.map(async ({ stage, task, asleep }): Promise<SourceStatus[]> => {
    const found = await new TaskLog({ job, stage, task }, table, objects, bucket, isSourceCommit).head()
    if (!found) return []
    const { kind, position, frontier, at, active, totals } = found.record
    const trouble = known.get(task)
    return [
      {
        task,
        ...(position !== undefined && { position }),
        frontier,
        committedAt: at,
        activeAt: active,
        state: asleep ? 'asleep' : kind === 'seal' ? 'sealed' : 'awake',
        totals,
        ...(trouble && { trouble }),
      },
    ]
  })
  const buckets = head.buckets.flatMap(([stage, versions]) =>
    versions.map(async (_, index) => {
      const task = bucketTask(job, stage, index)
      const found = (await new TaskLog(task, table, objects, bucket, isBucketCommit).head())?.record
      return found ? [{ task, index, record: found }] : []
    }),
  )
  const heads = (await Promise.all(buckets)).flat()
  const waits = heads.filter(({ record }) => record.waitsFrom !== undefined)
  return {
    job,
    closedUntil: head.closedUntil,
    closedAt: head.at,
    code: head.code,
    sources: (await Promise.all(sources)).flat().sort((a, b) => (a.task < b.task ? -1 : 1)),
    buckets: heads.map(({ task: { stage }, index, record: { closedUntil, at, due } }) => ({
      stage,
      bucket: index,
      closedUntil,
      committedAt: at,
      ...(due !== undefined && { due }),
    })),
    waiting: (await Promise.all(waits.map(({ task }) => waitingIn(task, logs)))).flat(),
    wakeUps: armedIn(row, now).map(({ at }) => at),
  }
}

interface Waiting {
  readonly times: Set<number>
  readonly tried: Map<number, readonly unknown[]>
}

/** By the cells of operators/foreach-rdd.ts: ['waiting', T] and ['tried', T]. */
async function waitingIn(task: TaskRef, logs: Logs): Promise<WaitingStatus[]> {
  const byOutput = new Map<string, Waiting>()
  for (const [operator, changes] of await keptBy(task, logs)) take(byOutput, operator, changes)
  return [...byOutput].flatMap(([output, { times, tried }]) => {
    if (times.size === 0) return []
    const time = earliest(times)
    const [attempts, from] = tried.get(time) ?? []
    return [{ output, time, batches: times.size, attempts: numberOr0(attempts), from: numberOr0(from) }]
  })
}

function take(byOutput: Map<string, Waiting>, operator: string, changes: BucketCommit['state'][number][1]): void {
  const waiting: Waiting = byOutput.get(operator) ?? { times: new Set(), tried: new Map() }
  byOutput.set(operator, waiting)
  for (const { cell, value, deleted } of changes) {
    const [word, time] = Array.isArray(cell) ? cell : []
    if (typeof time !== 'number') continue
    if (word === 'waiting') deleted ? waiting.times.delete(time) : waiting.times.add(time)
    if (word === 'tried' && Array.isArray(value)) waiting.tried.set(time, value)
  }
}

const numberOr0 = (value: unknown): number => (typeof value === 'number' ? value : 0)
