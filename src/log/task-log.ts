// A task's commit log in terms of records: encodes and decodes, and spills to S3 what an item cannot hold.

import { randomUUID } from 'node:crypto'
import { LogGapError } from '../errors/log-errors.ts'
import { LogExpiredError, UnreadableStateError, UnwritableRecordError } from '../errors/state-errors.ts'
import { spillKey } from '../names/objects.ts'
import { entryPlace } from '../names/table-keys.ts'
import { describeTask, type TaskRef } from '../names/tasks.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../stores/object-store.ts'
import type { CommitLog, LogItem } from '../stores/table.ts'
import { maxBodyBytes } from '../stores/table-keys.ts'
import { decode, decodeAgain, encode, stamp } from './codec.ts'
import { isRef } from './commit-record.ts'
import { headUntil, isHeadForCertain, type LogLife } from './log-life.ts'
import { prolong } from './prolong.ts'
import { dropSpilled } from './spilled.ts'

/** One look for spilled records that have expired takes up to a hundred of them. */
const SPILLS_PER_LOOK = 16

/** A record at its version. */
export interface Entry<R> {
  readonly version: number
  readonly record: R
  /** How much of it a reader has to read. */
  readonly bytes: number
  /** Seconds after which it is no head any more unless something follows; absent: it is one for good. */
  readonly headUntil?: number | undefined
  /** Decodes it once more: nothing in it is shared with what anybody has got. */
  again(): R
}

/** A record ready to be written: encoded once, spilled if it has to be, so that a retry repeats neither. */
export interface PreparedRecord<R> {
  readonly body: Uint8Array
  readonly spilled: ObjectRef | undefined
  /** Of the whole record, wherever it is. */
  readonly bytes: number
  /** As of an entry. */
  again(): R
}

/** The log of one task, with records of type `R`. */
export class TaskLog<R> {
  readonly task: TaskRef
  readonly #log: CommitLog
  readonly #objects: ObjectStore
  readonly #bucket: string
  readonly #isRecord: (value: unknown) => value is R
  readonly #newId: () => string
  readonly #life: LogLife | undefined
  /** The newest item that this object has seen or written. */
  #last: Omit<LogItem, 'body'> | undefined
  #spills = 0

  /** @param life without it the log is for reading, and what has expired is not looked at. */
  constructor(
    task: TaskRef,
    log: CommitLog,
    objects: ObjectStore,
    bucket: string,
    isRecord: (value: unknown) => value is R,
    newId: () => string = randomUUID,
    life?: LogLife,
  ) {
    this.task = task
    this.#log = log
    this.#objects = objects
    this.#bucket = bucket
    this.#isRecord = isRecord
    this.#newId = newId
    this.#life = life
  }

  /**
   * Encodes a record; one that is over an item's limit goes to S3 now, before the commit.
   *
   * @param version which entry it will be; an object whose name does not tell can be deleted by the bucket's rule only.
   * @param most bytes of an entry, where less than the item's limit is worth an object.
   * @throws UnwritableRecordError for one that could not be read back (DESIGN §2a.5).
   */
  async prepare(record: R, version?: number, most = maxBodyBytes(this.task)): Promise<PreparedRecord<R>> {
    if (!this.#isRecord(record))
      throw new UnwritableRecordError(`the next commit of ${describeTask(this.task)}`, record)
    const body = encode(record)
    if (body.length <= Math.min(most, maxBodyBytes(this.task)))
      return { body, spilled: undefined, bytes: body.length, again: () => this.#again(body) }
    const key = this.#spillKey(version)
    const spilled = { bucket: this.#bucket, key }
    await this.#objects.put(spilled, stamp(body, key))
    return { body: encode(spilled, true), spilled, bytes: body.length, again: () => this.#again(body) }
  }

  #spillKey(version: number | undefined): string {
    const name = version !== undefined && this.#life ? { version, at: this.#life.now() } : undefined
    return spillKey(this.task, this.#newId(), name)
  }

  /**
   * Commits version `version` if nobody has (the fence). `expiresAt` in milliseconds; without it the entry stays, as the first
   * one does. What the entry follows is given a time, if it has none.
   *
   * A lost answer that the SDK retried looks like a conflict with ourselves. The bytes tell: a body names its own uploads
   * and spilled object, so an equal one is ours, or does the same. Taking it for another's would throw away committed uploads.
   */
  async append(version: number, prepared: PreparedRecord<R>, expiresAt?: number): Promise<'committed' | 'conflict'> {
    const ttl = await this.#follow(version, expiresAt)
    const body = stamp(prepared.body, entryPlace(this.task, version))
    this.#last = undefined
    const outcome = await this.#log.append(this.task, { version, body, ...ttl })
    if (outcome === 'committed') {
      this.#last = { version, ...ttl }
      if (prepared.spilled) await this.#dropSpilled(version)
      return 'committed'
    }
    const [winner] = await this.#log.read(this.task, { after: version - 1, limit: 1, consistent: true })
    return winner && Buffer.compare(winner.body, body) === 0 ? 'committed' : 'conflict'
  }

  /** Now and then, so that it costs next to nothing: what has been spilled is large. */
  async #dropSpilled(head: number): Promise<void> {
    if (!this.#life || this.#spills++ % SPILLS_PER_LOOK > 0) return
    try {
      const since = this.#life.now() - this.#life.retention
      await dropSpilled(this.#objects, this.#log, this.#bucket, this.task, head, since)
    } catch (error) {
      this.#life.leftBehind?.(this.task, error) // it costs a little; the next look tries again
    }
  }

  /** Before an entry is written: what it follows gets a time, if it has none; and the time of the new one is not before that. */
  async #follow(version: number, expiresAt: number | undefined): Promise<{ expiresAt?: number }> {
    const ttl = expiresAt === undefined ? {} : { expiresAt: Math.ceil(expiresAt / 1000) }
    if (version === 1 || !this.#life) return ttl
    const before = await this.#itemAt(version - 1)
    if (before && before.expiresAt === undefined) {
      const until = ttl.expiresAt ?? Math.ceil((this.#life.now() + this.#life.retention) / 1000)
      const life = before.version === 1 ? { headUntil: until } : { expiresAt: until }
      await this.#log.setLife(this.task, before.version, life)
    }
    return ttl.expiresAt === undefined ? {} : { expiresAt: Math.max(ttl.expiresAt, before?.expiresAt ?? 0) }
  }

  async #itemAt(version: number): Promise<Omit<LogItem, 'body'> | undefined> {
    if (this.#last?.version === version) return this.#last
    return (await this.#log.read(this.task, { after: version - 1, limit: 1, consistent: true }))[0]
  }

  /** Of the entry that this object has written or seen last. */
  headUntilOf(version: number): number | undefined {
    return this.#last?.version === version ? headUntil(this.#last) : undefined
  }

  /** Throws away what `prepare` spilled for a commit that another one beat. */
  async discard(prepared: PreparedRecord<R>): Promise<void> {
    if (prepared.spilled) await this.#objects.delete(prepared.spilled)
  }

  /**
   * The newest entry, strongly consistent.
   *
   * @throws LogExpiredError when it is past its time, so that newer ones may be gone.
   */
  async head(): Promise<Entry<R> | undefined> {
    const item = await this.#log.head(this.task)
    return item && this.#checked(item)
  }

  async #checked(item: LogItem): Promise<Entry<R>> {
    this.#note(item)
    if (this.#life && !isHeadForCertain(item, this.#life)) {
      const entry = await this.#open(item).catch(() => undefined)
      throw new LogExpiredError(this.task, item.version, Number(headUntil(item)) * 1000, entry?.record)
    }
    return this.#open(item)
  }

  /**
   * Gives entries that are needed for longer than was thought a new time, that of an entry written now: the newest, and all
   * after version `from`, if any of them has less than half of `retention` left. The newest first: none may outlive it, or
   * that one would be taken for the head. Returns how many.
   *
   * @throws LogExpiredError, LogGapError when it is too late.
   */
  async keep(from: (head: Entry<R>) => number): Promise<number> {
    const item = await this.#log.head(this.task)
    if (!item || !this.#life) return 0
    const head = await this.#checked(item)
    const places = { task: this.task, log: this.#log, objects: this.#objects, life: this.#life }
    const kept = await prolong(places, item, Math.min(from(head), head.version - 1))
    if (kept.head !== item) this.#note(kept.head)
    return kept.count
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

  /** Entries after a version, ascending and dense. @param limit so many at most; undefined: all */
  async read(after: number, consistent = false, limit?: number): Promise<Entry<R>[]> {
    const items = await this.#log.read(this.task, { after, consistent, ...(limit !== undefined && { limit }) })
    const last = items.at(-1)
    if (last && last.version >= (this.#last?.version ?? 0)) this.#note(last)
    return Promise.all(items.map((item) => this.#open(item)))
  }

  #note({ body: _, ...item }: LogItem): void {
    this.#last = item
  }

  async #open(item: LogItem): Promise<Entry<R>> {
    const { version, body } = item
    const where = `version ${version} of ${describeTask(this.task)}`
    let { spilled, value } = decode(where, body, entryPlace(this.task, version))
    let [size, whole] = [body.length, body]
    if (spilled) {
      if (!isRef(value)) throw new UnreadableStateError(where, 'it names no object')
      const bytes = await this.#objects.get(value)
      if (!bytes) throw new UnreadableStateError(where, `its record ${objectUrl(value)} is missing`)
      size += bytes.length
      whole = bytes
      value = decode(`${where} in ${objectUrl(value)}`, bytes, value.key).value
    }
    if (!this.#isRecord(value)) throw new UnreadableStateError(where, 'it is not a record of this kind of task')
    return { version, record: value, bytes: size, headUntil: headUntil(item), again: () => this.#again(whole) }
  }

  #again(bytes: Uint8Array): R {
    const value = decodeAgain(bytes)
    if (this.#isRecord(value)) return value
    throw new UnreadableStateError(`a record of ${describeTask(this.task)}`, 'it has changed in memory')
  }
}
