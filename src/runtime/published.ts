// What a job has published, batch by batch, as its logs say it: the parts of source tasks and buckets, and what was printed. Who reads
// the logs again gets what has come since.

import {
  type BucketCommit,
  type CloseCommit,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
  type SourceCommit,
} from '../log/commit-record.ts'
import type { Logs } from '../log/kept-state.ts'
import { TaskLog } from '../log/task-log.ts'
import { type ObjectRef, objectUrl, ownKindOf } from '../names/objects.ts'
import { isSuccess } from '../names/outputs.ts'
import { bucketTask, closingTask, describeTask, type TaskRef } from '../names/tasks.ts'
import { objectsOf } from './effects.ts'
import { firstOf } from './kept/points.ts'

export interface PublishedPart {
  readonly ref: ObjectRef
  readonly bytes: number
}

/** What one output has of one batch. */
export type Published =
  | { readonly kind: 'files'; readonly output: string; readonly parts: readonly PublishedPart[] }
  | { readonly kind: 'print'; readonly output: string; readonly lines: readonly string[] }

export interface PublishedBatch {
  readonly time: number
  readonly outputs: readonly Published[]
}

type Commit = SourceCommit | BucketCommit | CloseCommit

const isCommit = (value: unknown): value is Commit =>
  isSourceCommit(value) || isBucketCommit(value) || isCloseCommit(value)

interface Draft {
  readonly files: Map<string, PublishedPart[]>
  readonly prints: Map<string, string[]>
}

const AT_ONCE = 100

export class PublishedReader {
  readonly #job: string
  readonly #logs: Logs
  /** The batch interval. */
  readonly #batch: number
  readonly #from: number
  readonly #logOf = new Map<string, { readonly log: TaskLog<Commit>; read: number }>()
  readonly #drafts = new Map<number, Draft>()

  /** @param from the first batch time that is wanted */
  constructor(job: string, logs: Logs, batch: number, from: number) {
    this.#job = job
    this.#logs = logs
    this.#batch = batch
    this.#from = from
  }

  /**
   * What has been published since the last call, in the order of batches.
   *
   * @param settled leave out what is closed but may still be worked on: it comes with the next call
   */
  async next(settled: boolean): Promise<PublishedBatch[]> {
    const { table, objects, bucket } = this.#logs
    const head = (await new TaskLog(closingTask(this.#job), table, objects, bucket, isCloseCommit).head())?.record
    if (!head) return []
    for (const task of tasksOf(this.#job, head)) await this.#read(task)
    const until = settled ? head.before : head.closedUntil
    const ready = [...this.#drafts].filter(([time]) => time <= until).sort(([a], [b]) => a - b)
    for (const [time] of ready) this.#drafts.delete(time)
    return ready.flatMap(([time, draft]) => (time < this.#from ? [] : [{ time, outputs: outputsOf(draft) }]))
  }

  async #read(task: TaskRef): Promise<void> {
    const { table, objects, bucket } = this.#logs
    const name = describeTask(task)
    let known = this.#logOf.get(name)
    if (!known) {
      const log = new TaskLog(task, table, objects, bucket, isCommit)
      known = { log, read: await this.#startOf(log) }
      this.#logOf.set(name, known)
    }
    for (;;) {
      const entries = await known.log.read(known.read, true, AT_ONCE)
      for (const { version, record } of entries) {
        known.read = version
        this.#take(record)
      }
      if (entries.length < AT_ONCE) return
    }
  }

  /** The version after which there may be something of a batch that is wanted. */
  async #startOf(log: TaskLog<Commit>): Promise<number> {
    const head = await log.head()
    if (!head) return 0
    const isWanted = (record: Commit): boolean =>
      'frontier' in record ? record.frontier >= this.#from - this.#batch : record.closedUntil >= this.#from
    if (!isWanted(head.record)) return head.version
    // What has expired is before what is there.
    const first = await firstOf(1, head.version, async (version) => {
      const entry = await log.at(version)
      return entry !== undefined && isWanted(entry.record)
    })
    // The first entry of a log stays, although those after it have expired.
    if (first > 1 || head.version === 1 || (await log.at(2))) return first - 1
    return (await firstOf(2, head.version, async (version) => (await log.at(version)) !== undefined)) - 1
  }

  #take(record: Commit): void {
    for (const { ref, bytes } of objectsOf(record.outbox)) {
      const of = ownKindOf(ref.key) === undefined && !isSuccess(ref.key) ? placeOf(ref) : undefined
      if (of) listIn(this.#draft(of.time).files, of.output).push({ ref, bytes })
    }
    for (const effect of record.outbox) {
      const time = effect.kind === 'print' ? /^-+\nTime: (\d+) ms(?: \((.*)\))?\n-+\n/.exec(effect.text) : null
      if (effect.kind !== 'print' || !time) continue
      const lines = effect.text.slice(time[0].length).split('\n')
      listIn(this.#draft(Number(time[1])).prints, time[2] ?? 'print').push(...lines.filter((line) => line !== ''))
    }
    // Buckets do not promise what is printed: they keep the lines of it.
    if ('ran' in record)
      for (const { time, samples } of record.partials)
        for (const [output, lines] of samples) listIn(this.#draft(time).prints, output).push(...lines)
    if (record.kind === 'close') for (const time of record.closed) this.#draft(time)
  }

  #draft(time: number): Draft {
    const known = this.#drafts.get(time) ?? { files: new Map(), prints: new Map() }
    this.#drafts.set(time, known)
    return known
  }
}

/** The batch time at which `count` batches begin that had something to do, of those that the closing log has. */
export async function lastBatches(job: string, { table, objects, bucket }: Logs, count: number): Promise<number> {
  const log = new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit)
  const head = await log.head()
  const times: number[] = []
  let [entry, version] = [head, head?.version ?? 0]
  while (entry && times.length < count) {
    times.unshift(...entry.record.closed)
    version--
    entry = version > 0 ? await log.at(version) : undefined
  }
  return times.at(-count) ?? times[0] ?? 0
}

function tasksOf(job: string, { tasks, buckets }: CloseCommit): TaskRef[] {
  const sources = tasks.map(({ stage, task }) => ({ job, stage, task }))
  const others = buckets.flatMap(([stage, versions]) => versions.map((_, index) => bucketTask(job, stage, index)))
  return [...sources, ...others, closingTask(job)]
}

/** `<prefix>-<T>[.<suffix>]/<part>`; the batch time is the last number before the part. */
function placeOf({ bucket, key }: ObjectRef): { readonly time: number; readonly output: string } | undefined {
  const [, prefix, digits, suffix = ''] = /^(.*)-(\d+)(\.[^/]*)?\/[^/]+$/s.exec(key) ?? []
  if (prefix === undefined || digits === undefined) return undefined
  return { time: Number(digits), output: `${objectUrl({ bucket, key: prefix })}${suffix}` }
}

function listIn<T>(map: Map<string, T[]>, name: string): T[] {
  const list = map.get(name) ?? []
  map.set(name, list)
  return list
}

function outputsOf({ files, prints }: Draft): Published[] {
  return [
    ...Array.from(files, ([output, parts]) => ({ kind: 'files', output, parts: sorted(parts) }) as const),
    ...Array.from(prints, ([output, lines]) => ({ kind: 'print', output, lines }) as const),
  ]
}

const sorted = (parts: readonly PublishedPart[]): PublishedPart[] =>
  [...parts].sort((a, b) => (a.ref.key < b.ref.key ? -1 : 1))
