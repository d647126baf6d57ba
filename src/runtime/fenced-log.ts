// A commit log, and what a warm instance knows of its end: steps 1, 2, 5 and 6 of the commit protocol (DESIGN §3), once for source
// tasks, buckets, the closing task and those who append to a quiet log. One conditional write per entry is the fence; an
// entry that has a successor is published (I3); what is not known to be in the log does not count (I1).

import { LogLostError } from '../errors/state-errors.ts'
import type { JobSettings } from '../graph/job.ts'
import type { Effect } from '../log/commit-record.ts'
import type { Entry, PreparedRecord, TaskLog } from '../log/task-log.ts'
import { itemBytes } from '../stores/table-keys.ts'
import type { Environment } from './environment.ts'
import { entryLimit, heal, type Promises, type Publisher, publish, withdraw } from './outbox.ts'
import { trustedFor } from './snapshot-due.ts'

/** What the records of all logs have in common. */
export interface Committed {
  readonly kind: string
  /** The clock at the commit. */
  readonly at: number
  readonly outbox: readonly Effect[]
}

export interface FencedLogParts<R extends Committed> {
  readonly log: TaskLog<R>
  readonly publisher: Publisher
  readonly environment: Environment
  readonly settings: Pick<JobSettings, 'retention'>
  /** Whether an entry says where the task stands. Default: all do. */
  readonly isHead?: (record: R) => boolean
  /**
   * Memory outlasts a commit of which it is not known how it went: nothing in it was changed for that, and if it went well the next
   * one conflicts. Default: it does not.
   */
  readonly keepsMemory?: boolean
  /** Does what an entry promises beyond its outbox, once that is published. `again` when it may have been done already. */
  readonly fulfil?: (record: R, again: boolean) => Promise<void>
  /** Told of an entry of which this instance knows that it is published. */
  readonly onPublished?: (entry: Entry<R>) => unknown
}

/** An entry ready to be appended: encoded once, its uploads staged. */
export interface Draft<R> {
  readonly version: number
  readonly record: R
  readonly prepared: PreparedRecord<R>
}

/** What a look at the log has found. */
export interface Found<R> {
  /** The newest entry. */
  readonly entry: Entry<R> | undefined
  /** Whether memory did not have it: what hangs on the head is to be read anew. */
  readonly isNew: boolean
}

export class FencedLog<R extends Committed> {
  readonly log: TaskLog<R>
  readonly #parts: FencedLogParts<R>
  /** The newest entry as far as known; it counts as long as `#knownAt` says when that was. */
  #head: Entry<R> | undefined
  /** When the log was read or written last; undefined: not known, or not known how that went. */
  #knownAt: number | undefined
  /** Others may have gone on since. */
  #doubted = false
  /** The log is known to go up to here. */
  #expected = 0
  #published = false

  constructor(parts: FencedLogParts<R>) {
    this.#parts = parts
    this.log = parts.log
  }

  get head(): Entry<R> | undefined {
    return this.#head
  }

  get version(): number {
    return this.#head?.version ?? 0
  }

  /** Up to which version the log is known to go. */
  get known(): number {
    return Math.max(this.#expected, this.version)
  }

  /** Whether memory is young enough to count: versions that have expired since it was read are free again. */
  get isTrusted(): boolean {
    const { environment, settings } = this.#parts
    return this.#knownAt !== undefined && environment.clock.now() - this.#knownAt < trustedFor(settings)
  }

  /** Whether memory can be gone by without a look at the log. */
  get isFresh(): boolean {
    return this.isTrusted && !this.#doubted
  }

  /** Does not go by memory again without a look at the log. */
  doubt(): void {
    this.#doubted = true
  }

  /** Memory does not count any more, whatever the log says. */
  forget(): void {
    this.#knownAt = undefined
  }

  /** Takes note of a version that the log goes up to: one that ends before it is lost (I7). */
  expect(version: number): void {
    this.#expected = Math.max(this.#expected, version)
  }

  /**
   * Step 1: reads the newest entry, strongly consistent. Memory of that very entry stays, and that it is published.
   *
   * @throws LogLostError when the log ends before what is known of it.
   */
  async read(): Promise<Found<R>> {
    const now = this.#parts.environment.clock.now()
    const entry = await this.log.head()
    const held = this.#knownAt !== undefined && this.#head?.version === entry?.version
    if ((entry?.version ?? 0) < this.known) throw new LogLostError(this.log.task, entry?.version, this.known)
    this.#knownAt = now
    this.#doubted = false
    if (held) {
      this.#takeLife(entry?.headUntil)
      return { entry, isNew: false }
    }
    this.hold(entry && (this.#parts.isHead?.(entry.record) ?? true) ? entry : undefined)
    return { entry, isNew: true }
  }

  /** Takes an entry for the head, as it was found or as the task sees it. */
  hold(entry: Entry<R> | undefined, published = false): void {
    this.#head = entry
    this.#published = published
  }

  /** The first entry of a log, from which on an empty one is a lost one. Whose it is makes no difference. */
  async beBorn(record: R): Promise<void> {
    await this.log.append(1, await this.log.prepare(record))
  }

  /**
   * Step 2: does what the head has promised, unless that is known to be done.
   *
   * @param wakes whether to arm its wake-up, too.
   */
  async heal(wakes = true): Promise<void> {
    if (!this.#head || this.#published) return
    const head = this.#head
    await heal(this.#parts.publisher, this.#promisesOf(head), wakes ? 'all' : 'all but wakes')
    await this.#parts.fulfil?.(head.record, true)
    this.#markPublished()
  }

  /** Encodes what is to follow the head. When it cannot be, what was staged for it is thrown away. */
  async prepare(record: R): Promise<Draft<R>> {
    const version = this.version + 1
    try {
      return { version, record, prepared: await this.log.prepare(record, version, entryLimit(record.outbox)) }
    } catch (error) {
      await withdraw(this.#parts.environment.objects, record.outbox)
      throw error
    }
  }

  /** Step 5: one conditional write. On conflict what was staged is thrown away, and the log is to be read. */
  async append({ version, record, prepared }: Draft<R>): Promise<'committed' | 'conflict'> {
    await this.heal() // an entry with a successor is published
    // Until it is known how it went. Not known to have failed means maybe written: what is staged stays.
    if (!this.#parts.keepsMemory) this.forget()
    const before = this.#head?.record.at
    const outcome = await this.log.append(version, prepared, this.#expiryOf(version, record))
    this.#parts.environment.meter?.appended(this.log.task, {
      ...{ itemBytes: itemBytes(this.log.task, prepared.body), bytes: prepared.bytes },
      ...{ before, at: record.at, conflict: outcome === 'conflict' },
    })
    if (outcome === 'conflict') {
      await Promise.all([withdraw(this.#parts.environment.objects, record.outbox), this.log.discard(prepared)])
      return 'conflict'
    }
    const { bytes, again } = prepared
    this.hold({ version, record, bytes, again, headUntil: this.log.headUntilOf(version) })
    this.#knownAt = record.at
    return 'committed'
  }

  /** The first entry says for good that there is a log, and a quiet one ends in an entry that stays. */
  #expiryOf(version: number, { kind, at }: R): number | undefined {
    const stays = version === 1 || kind === 'seal' || kind === 'sleep'
    return stays ? undefined : at + this.#parts.settings.retention
  }

  /** Step 6: does what the head has promised, right after it was appended. */
  async publish(): Promise<void> {
    if (!this.#head || this.#published) return
    const head = this.#head
    await publish(this.#parts.publisher, this.#promisesOf(head))
    await this.#parts.fulfil?.(head.record, false)
    this.#markPublished()
  }

  #promisesOf({ version, record: { at, outbox } }: Entry<R>): Promises {
    return { task: this.log.task, version, at, outbox }
  }

  /**
   * When the head would soon be none any more: a task that fails for long commits nothing, and what it needs must not expire meanwhile.
   *
   * @param from after which version entries are needed
   */
  async keepAlive(from: (head: Entry<R>) => number): Promise<void> {
    const { environment, settings } = this.#parts
    const until = this.#head?.headUntil ?? Number.POSITIVE_INFINITY
    if (until * 1000 > environment.clock.now() + settings.retention / 2) return
    await this.log.keep(from)
    this.#takeLife(this.log.headUntilOf(this.version))
  }

  #takeLife(headUntil: number | undefined): void {
    this.#head = this.#head && { ...this.#head, headUntil }
  }

  #markPublished(): void {
    this.#published = true
    if (this.#head) this.#parts.onPublished?.(this.#head)
  }
}
