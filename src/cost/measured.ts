// What a job has really used, as far as its log says: entries and their bytes, objects that they have promised. How long functions ran, and
// how many invocations there were, commits do not say.

import { LogGapError } from '../errors/log-errors.ts'
import {
  type BucketCommit,
  type CloseCommit,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
  type SourceCommit,
} from '../log/commit-record.ts'
import { TaskLog } from '../log/task-log.ts'
import { bucketTask, closingTask, type TaskRef } from '../names/tasks.ts'
import { objectsOf } from '../runtime/effects.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { LogItem, StateTable } from '../stores/table.ts'
import { itemBytes } from '../stores/table-keys.ts'
import { writeUnits } from './units.ts'

/** All per second, over the time that was looked at. */
export interface Measured {
  readonly job: string
  /** Milliseconds. */
  readonly from: number
  readonly until: number
  readonly records: number
  readonly commits: number
  readonly writeUnits: number
  readonly logBytes: number
  readonly puts: number
  readonly objectBytes: number
  readonly tasks: number
  /** Of the busiest log. */
  readonly unitsOfOneLog: number
}

interface Places {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly bucket: string
}

type Commit = SourceCommit | CloseCommit | BucketCommit
const isCommit = (value: unknown): value is Commit =>
  isSourceCommit(value) || isCloseCommit(value) || isBucketCommit(value)

/** Newest entries of each log that are read. */
const ENTRIES = 500
/** Create, part and complete of an upload. */
const REQUESTS_OF_UPLOAD = 3

interface TaskUse {
  readonly isSource: boolean
  readonly from: number
  readonly until: number
  readonly entries: number
  readonly records: number
  readonly units: number
  readonly bytes: number
  readonly puts: number
  readonly objectBytes: number
}

/** Undefined when the table does not know the job. Reads the newest entries of each of its logs. */
export async function measuredOf(job: string, places: Places): Promise<Measured | undefined> {
  const close = closingTask(job)
  const head = (await new TaskLog(close, places.table, places.objects, places.bucket, isCloseCommit).head())?.record
  if (!head) return undefined
  const sources = head.tasks.map(({ stage, task }): TaskRef => ({ job, stage, task }))
  const buckets = head.buckets.flatMap(([stage, versions]) =>
    versions.map((_, bucket) => bucketTask(job, stage, bucket)),
  )
  const uses: TaskUse[] = []
  for (const ref of [close, ...sources, ...buckets]) {
    const use = await useOf(ref, places, sources.includes(ref))
    if (use) uses.push(use)
  }
  const rate = (value: (use: TaskUse) => number): number =>
    uses.reduce((sum, use) => sum + (value(use) * 1000) / Math.max(1, use.until - use.from), 0)
  return {
    job,
    from: Math.min(...uses.map(({ from }) => from)),
    until: Math.max(...uses.map(({ until }) => until)),
    records: rate(({ records }) => records),
    commits: rate(({ isSource, entries }) => (isSource ? entries : 0)),
    writeUnits: rate(({ units }) => units),
    logBytes: rate(({ bytes }) => bytes),
    puts: rate(({ puts }) => puts),
    objectBytes: rate(({ objectBytes }) => objectBytes),
    tasks: sources.length,
    unitsOfOneLog: Math.max(0, ...uses.map(({ units, from, until }) => (units * 1000) / Math.max(1, until - from))),
  }
}

/** The dense end: what has expired before it left holes. */
async function newest(table: StateTable, ref: TaskRef, after: number): Promise<LogItem[]> {
  try {
    return await table.read(ref, { after, consistent: true })
  } catch (error) {
    if (error instanceof LogGapError) return newest(table, ref, error.missingTo)
    throw error
  }
}

/** The first entry that is read begins the time and does not count: what came before it is not known. */
async function useOf(
  ref: TaskRef,
  { table, objects, bucket }: Places,
  isSource: boolean,
): Promise<TaskUse | undefined> {
  const log = new TaskLog(ref, table, objects, bucket, isCommit)
  const head = await log.head()
  if (!head) return undefined
  const items = await newest(table, ref, Math.max(0, head.version - ENTRIES))
  const sizes = new Map(items.map(({ version, body }) => [version, itemBytes(ref, body)]))
  // A birth was long before; entries that have expired left a hole, and the dense end counts.
  const entries = (await log.read((items[0]?.version ?? 1) - 1, true)).filter(
    ({ record }) => !('kind' in record) || record.kind === 'batch' || !isSource,
  )
  const [first, ...rest] = entries
  const last = rest.at(-1)
  if (!first || !last) return undefined
  const bytes = rest.map(({ version }) => sizes.get(version) ?? 0)
  const promised = rest.flatMap(({ record }) => objectsOf(record.outbox))
  return {
    isSource,
    from: first.record.at,
    until: last.record.at,
    entries: rest.length,
    records: rest.reduce((sum, { record }) => sum + ('counts' in record ? record.counts.records : 0), 0),
    units: bytes.reduce((sum, one) => sum + writeUnits(one), 0),
    bytes: bytes.reduce((sum, one) => sum + one, 0),
    puts: promised.reduce((sum, { staged }) => sum + (staged ? REQUESTS_OF_UPLOAD : 1), 0),
    objectBytes: promised.reduce((sum, one) => sum + one.bytes, 0),
  }
}
