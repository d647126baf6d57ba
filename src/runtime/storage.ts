// What a job keeps, and how much of it: for `millrace storage` (DESIGN §3: storage is bounded by state plus retention times the rate).

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
import { folderOfKey, snapshotFolder, spillFolder } from '../names/objects.ts'
import { bucketTask, closingTask, type TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { LogItem, StateTable } from '../stores/table.ts'
import { itemBytes } from '../stores/table-keys.ts'
import { objectsOf } from './effects.ts'

/** So many and so large things. */
export interface Amount {
  readonly count: number
  readonly bytes: number
}

/** What one task keeps. */
export interface TaskStorage {
  readonly stage: string
  readonly task: string
  /** Entries of its log, as DynamoDB counts their bytes, but for its 100 bytes an item. */
  readonly log: Amount
  readonly snapshots: Amount
  /** Records of entries that no item can hold. */
  readonly spilled: Amount
  /** Uploads that the newest entry has promised: completed right after the commit, so these are there for moments. */
  readonly staged: Amount
}

export interface Storage {
  readonly tasks: readonly TaskStorage[]
  /** Objects of tasks that the job does not know: of other code, or left from before the table was made. */
  readonly others: Amount
  readonly total: Amount
}

interface Places {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** The bucket of what is Millrace's own. */
  readonly bucket: string
}

const NONE: Amount = { count: 0, bytes: 0 }
const PAGE = 1000

/** Reads all of the job's logs, and lists its objects. Undefined when the table does not know the job. */
export async function storageOf(job: string, places: Places): Promise<Storage | undefined> {
  const { table, objects, bucket } = places
  const close = closingTask(job)
  const head = (await new TaskLog(close, table, objects, bucket, isCloseCommit).head())?.record
  if (!head) return undefined
  const sources = head.tasks.map(({ stage, task }): TaskRef => ({ job, stage, task }))
  const buckets = head.buckets.flatMap(([stage, versions]) =>
    versions.map((_, bucket) => bucketTask(job, stage, bucket)),
  )
  const snapshots = await sizes(places, snapshotFolder({ job }))
  const spilled = await sizes(places, spillFolder({ job }))
  const tasks: TaskStorage[] = []
  for (const ref of [close, ...sources, ...buckets]) {
    const { stage, task } = ref
    tasks.push({
      stage,
      task,
      log: await logSize(ref, table),
      snapshots: take(snapshots, snapshotFolder(ref)),
      spilled: take(spilled, spillFolder(ref)),
      staged: await stagedOf(new TaskLog(ref, table, objects, bucket, isCommit)),
    })
  }
  const others = [...snapshots.values(), ...spilled.values()].reduce(plus, NONE)
  const all = tasks.flatMap(({ log, staged, ...objects }) => [log, staged, objects.snapshots, objects.spilled])
  return { tasks, others, total: [...all, others].reduce(plus, NONE) }
}

type Commit = SourceCommit | CloseCommit | BucketCommit

function isCommit(value: unknown): value is Commit {
  return isSourceCommit(value) || isCloseCommit(value) || isBucketCommit(value)
}

async function stagedOf(log: TaskLog<Commit>): Promise<Amount> {
  const outbox = (await log.head())?.record.outbox ?? []
  const staged = objectsOf(outbox).filter((object) => object.staged)
  return staged.map(({ bytes }) => ({ count: 1, bytes })).reduce(plus, NONE)
}

/** Entries that have expired make holes, which are passed over here. */
async function logSize(ref: TaskRef, table: StateTable): Promise<Amount> {
  let size = NONE
  for (let after = 0; ; ) {
    let items: LogItem[]
    try {
      items = await table.read(ref, { after, limit: PAGE })
    } catch (error) {
      if (!(error instanceof LogGapError)) throw error
      const dense = error.missingFrom - 1 - after
      items = dense > 0 ? await table.read(ref, { after, limit: dense }) : []
      size = items.reduce((sum, item) => plus(sum, { count: 1, bytes: itemBytes(ref, item.body) }), size)
      after = error.missingTo
      continue
    }
    size = items.reduce((sum, item) => plus(sum, { count: 1, bytes: itemBytes(ref, item.body) }), size)
    after = items.at(-1)?.version ?? after
    if (items.length < PAGE) return size
  }
}

/** Objects below a folder of the job, by the folder that they are in: that of a task. */
async function sizes({ objects, bucket }: Places, below: string): Promise<Map<string, Amount>> {
  const found = new Map<string, Amount>()
  for await (const { key, bytes } of objects.list(bucket, below)) {
    const folder = folderOfKey(key)
    found.set(folder, plus(found.get(folder) ?? NONE, { count: 1, bytes }))
  }
  return found
}

function take(amounts: Map<string, Amount>, folder: string): Amount {
  const amount = amounts.get(folder) ?? NONE
  amounts.delete(folder)
  return amount
}

function plus(a: Amount, b: Amount): Amount {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes }
}
