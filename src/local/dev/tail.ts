// What a job has written since somebody looked: the entries that its commit logs have got. They say what was promised and published,
// wherever the objects are, and which batches are closed.

import {
  type BucketCommit,
  type CloseCommit,
  type Effect,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
  type SourceCommit,
} from '../../log/commit-record.ts'
import { TaskLog } from '../../log/task-log.ts'
import { SUCCESS } from '../../names/outputs.ts'
import { bucketTask, closingTask, type TaskRef } from '../../names/tasks.ts'
import type { ObjectRef, ObjectStore } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'

/** Something new in a job's logs. */
export type News =
  | { readonly kind: 'object'; readonly ref: ObjectRef; readonly bytes: number }
  | { readonly kind: 'closed'; readonly time: number }

interface Places {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** The bucket of what is Millrace's own. */
  readonly bucket: string
}

type Commit = SourceCommit | CloseCommit | BucketCommit

const isCommit = (value: unknown): value is Commit =>
  isSourceCommit(value) || isCloseCommit(value) || isBucketCommit(value)

export class LogTail {
  readonly #job: string
  readonly #places: Places
  /** How far each log has been read. */
  readonly #read = new Map<string, number>()
  /** The last batch that was told of. */
  #closed = 0

  constructor(job: string, places: Places) {
    this.#job = job
    this.#places = places
  }

  /** Passes over what is there. */
  async skip(): Promise<void> {
    for (const ref of await this.#tasks()) {
      const head = await this.#log(ref).head()
      if (head) this.#read.set(nameOf(ref), head.version)
      if (head && 'closedUntil' in head.record) this.#closed = Math.max(this.#closed, head.record.closedUntil)
    }
  }

  /** What has come since the last time, objects first. */
  async news(): Promise<News[]> {
    const entries: Commit[] = []
    for (const ref of await this.#tasks()) {
      const name = nameOf(ref)
      const found = await this.#log(ref).read(this.#read.get(name) ?? 0, true)
      const last = found.at(-1)
      if (last) this.#read.set(name, last.version)
      entries.push(...found.map(({ record }) => record))
    }
    const objects = entries.flatMap(({ outbox }) => outbox.flatMap(objectOf))
    // A window goes on after its last records: the closing log names batches with data, and buckets those in which they did something.
    const times = entries.flatMap((entry) => ('closed' in entry ? entry.closed : 'ran' in entry ? entry.ran : []))
    const closed = [...new Set(times)].filter((time) => time > this.#closed).sort((a, b) => a - b)
    this.#closed = closed.at(-1) ?? this.#closed
    return [...objects, ...closed.map((time) => ({ kind: 'closed', time }) as const)]
  }

  /** Where the job stands in each partition: the next offset, and the version of its log. */
  async positions(): Promise<Map<string, { readonly version: number; readonly next: unknown }>> {
    const found = new Map<string, { readonly version: number; readonly next: unknown }>()
    for (const ref of await this.#sources()) {
      const head = await this.#log(ref).head()
      const position = head && 'position' in head.record ? head.record.position : undefined
      const next = typeof position === 'object' && position !== null && 'until' in position ? position.until : undefined
      if (head) found.set(ref.task, { version: head.version, next })
    }
    return found
  }

  #log(ref: TaskRef): TaskLog<Commit> {
    const { table, objects, bucket } = this.#places
    return new TaskLog(ref, table, objects, bucket, isCommit)
  }

  async #closing(): Promise<CloseCommit | undefined> {
    const { table, objects, bucket } = this.#places
    return (await new TaskLog(closingTask(this.#job), table, objects, bucket, isCloseCommit).head())?.record
  }

  async #sources(): Promise<TaskRef[]> {
    return (await this.#closing())?.tasks.map(({ stage, task }) => ({ job: this.#job, stage, task })) ?? []
  }

  async #tasks(): Promise<TaskRef[]> {
    const head = await this.#closing()
    if (!head) return []
    const sources = head.tasks.map(({ stage, task }) => ({ job: this.#job, stage, task }))
    const buckets = head.buckets.flatMap(([stage, versions]) =>
      versions.map((_, bucket) => bucketTask(this.#job, stage, bucket)),
    )
    return [...sources, ...buckets, closingTask(this.#job)]
  }
}

const nameOf = ({ stage, task }: TaskRef): string => `${stage}#${task}`

function objectOf(effect: Effect): News[] {
  if (effect.kind === 'put') return seen(effect.ref, effect.body.length)
  return effect.kind === 'complete' ? seen(effect.staged.ref, effect.staged.bytes) : []
}

/** An empty `_SUCCESS` says that its batch is closed, and so does the closing log. */
const seen = (ref: ObjectRef, bytes: number): News[] =>
  ref.key.endsWith(`/${SUCCESS}`) ? [] : [{ kind: 'object', ref, bytes }]
