// A task's commit log in terms of records: encodes and decodes, and spills to S3 what an item cannot hold.

import { randomUUID } from 'node:crypto'
import { decode, encode, stamp } from './codec.ts'
import { LogGapError } from './log-errors.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from './object-store.ts'
import { UnreadableStateError, UnwritableRecordError } from './state-errors.ts'
import type { CommitLog, LogItem } from './table.ts'
import { maxBodyBytes, versionSortKey } from './table-keys.ts'
import { describeTask, logKey, objectPath, type TaskRef } from './task.ts'

/** A record at its version. */
export interface Entry<R> {
  readonly version: number
  readonly record: R
  /** How much of it a reader has to read. */
  readonly bytes: number
}

/** A record ready to be written: encoded once, spilled if it has to be, so that a retry repeats neither. */
export interface PreparedRecord {
  readonly body: Uint8Array
  readonly spilled: ObjectRef | undefined
  /** Of the whole record, wherever it is. */
  readonly bytes: number
}

/** The log of one task, with records of type `R`. */
export class TaskLog<R> {
  readonly task: TaskRef
  readonly #log: CommitLog
  readonly #objects: ObjectStore
  readonly #bucket: string
  readonly #isRecord: (value: unknown) => value is R
  readonly #newId: () => string

  constructor(
    task: TaskRef,
    log: CommitLog,
    objects: ObjectStore,
    bucket: string,
    isRecord: (value: unknown) => value is R,
    newId: () => string = randomUUID,
  ) {
    this.task = task
    this.#log = log
    this.#objects = objects
    this.#bucket = bucket
    this.#isRecord = isRecord
    this.#newId = newId
  }

  /**
   * Encodes a record; one that is over an item's limit goes to S3 now, before the commit.
   *
   * @throws UnwritableRecordError for one that could not be read back (DESIGN §2a.5).
   */
  async prepare(record: R): Promise<PreparedRecord> {
    if (!this.#isRecord(record))
      throw new UnwritableRecordError(`the next commit of ${describeTask(this.task)}`, record)
    const body = encode(record)
    if (body.length <= maxBodyBytes(this.task)) return { body, spilled: undefined, bytes: body.length }
    const { job, stage, task } = this.task
    const key = `_millrace/spill/${objectPath(job, stage, task)}/${this.#newId()}`
    const spilled = { bucket: this.#bucket, key }
    await this.#objects.put(spilled, stamp(body, key))
    return { body: encode(spilled, true), spilled, bytes: body.length }
  }

  /**
   * Commits version `version` if nobody has (the fence). `expiresAt` in milliseconds; without it the entry stays.
   *
   * A lost answer that the SDK retried looks like a conflict with ourselves. The bytes tell: a body names its own uploads
   * and spilled object, so an equal one is ours, or does the same. Taking it for another's would throw away committed uploads.
   */
  async append(version: number, prepared: PreparedRecord, expiresAt?: number): Promise<'committed' | 'conflict'> {
    const ttl = expiresAt === undefined ? {} : { expiresAt: Math.ceil(expiresAt / 1000) }
    const body = stamp(prepared.body, entryPlace(this.task, version))
    const outcome = await this.#log.append(this.task, { version, body, ...ttl })
    if (outcome === 'committed') return 'committed'
    const [winner] = await this.#log.read(this.task, { after: version - 1, limit: 1, consistent: true })
    return winner && Buffer.compare(winner.body, body) === 0 ? 'committed' : 'conflict'
  }

  /** Throws away what `prepare` spilled for a commit that another one beat. */
  async discard(prepared: PreparedRecord): Promise<void> {
    if (prepared.spilled) await this.#objects.delete(prepared.spilled)
  }

  /** The newest entry, strongly consistent. */
  async head(): Promise<Entry<R> | undefined> {
    const item = await this.#log.head(this.task)
    return item && this.#open(item)
  }

  /** One entry, strongly consistent; undefined when there is none or it has expired. */
  async at(version: number): Promise<Entry<R> | undefined> {
    try {
      const [item] = await this.#log.read(this.task, { after: version - 1, limit: 1, consistent: true })
      return item && (await this.#open(item))
    } catch (error) {
      if (error instanceof LogGapError) return undefined
      throw error
    }
  }

  /** Entries after a version, ascending and dense. */
  async read(after: number, consistent = false): Promise<Entry<R>[]> {
    const items = await this.#log.read(this.task, { after, consistent })
    return Promise.all(items.map((item) => this.#open(item)))
  }

  async #open({ version, body }: LogItem): Promise<Entry<R>> {
    const where = `version ${version} of ${describeTask(this.task)}`
    let { spilled, value } = decode(where, body, entryPlace(this.task, version))
    let size = body.length
    if (spilled) {
      if (!isRef(value)) throw new UnreadableStateError(where, 'it names no object')
      const bytes = await this.#objects.get(value)
      if (!bytes) throw new UnreadableStateError(where, `its record ${objectUrl(value)} is missing`)
      size += bytes.length
      value = decode(`${where} in ${objectUrl(value)}`, bytes, value.key).value
    }
    if (!this.#isRecord(value)) throw new UnreadableStateError(where, 'it is not a record of this kind of task')
    return { version, record: value, bytes: size }
  }
}

/** What an entry's bytes are bound to (`codec.ts`): one of another log or version is not taken for it. */
export function entryPlace(task: TaskRef, version: number): string {
  return `${logKey(task)}#${versionSortKey(version)}`
}

function isRef(value: unknown): value is ObjectRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    'bucket' in value &&
    'key' in value &&
    typeof value.bucket === 'string' &&
    typeof value.key === 'string'
  )
}
