// A source task: one topic-partition, its commit log, and what a warm instance remembers of it between invocations.

import { TransientFailureError } from '../errors/runtime-errors.ts'
import { LogLostError } from '../errors/state-errors.ts'
import { DecodeError, UnsavableValueError } from '../errors/value-errors.ts'
import type { SourceCommit } from '../log/commit-record.ts'
import { addCounters, type Counters, NO_COUNTS } from '../log/commit-record.ts'
import type { Entry, PreparedRecord, TaskLog } from '../log/task-log.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Program } from '../plan/plan.ts'
import type { KafkaEventRecord } from '../sources/kafka/event.ts'
import type { JobSettings } from '../stream/job.ts'
import type { Closer } from './closing/closer.ts'
import type { Environment } from './environment.ts'
import { carryOn, InPlace, type Produced, type ProducedInPlace } from './in-place.ts'
import { Mutex } from './mutex.ts'
import { heal, type Publisher, publish, visible, withdraw } from './outbox.ts'
import type { Plans } from './plans.ts'
import { trustedFor } from './snapshot-due.ts'
import { isOutOfRange } from './time.ts'
import { type Progress, TroubleWatch } from './trouble.ts'

const WARN_EVERY_MS = 60_000

export interface SourceTaskParts {
  readonly ref: TaskRef
  readonly program: Program
  readonly settings: JobSettings
  readonly environment: Environment
  readonly publisher: Publisher
  readonly log: TaskLog<SourceCommit>
  readonly closer: Closer
  readonly plans: Plans
}

/** The head of the log as this instance knows it. */
interface Head extends Entry<SourceCommit> {
  /** Whether its outbox is known to be published. */
  readonly published: boolean
  /** Whether a task that this entry put to sleep has been roused. */
  readonly roused?: boolean
}

export class SourceTask {
  readonly parts: SourceTaskParts
  /** One micro-batch at a time: overlapping invocations in one process would only make each other conflict. */
  readonly mutex = new Mutex()
  #head: Head | undefined
  /** When the head was read or committed. */
  #knownAt = 0
  #warnedAt = Number.NEGATIVE_INFINITY
  /** Since when all records from this offset on fail alike. */
  #alike: { readonly offset: number; readonly since: number } | undefined
  /** Operators by key, if there are any that need no shuffle. */
  readonly #inPlace: InPlace | undefined
  readonly trouble: TroubleWatch
  #progress: Progress = { reached: 0, active: 0 }

  constructor(parts: SourceTaskParts) {
    this.parts = parts
    this.trouble = new TroubleWatch(parts.ref, parts.settings, parts.environment)
    const { inPlace } = parts.program
    this.#inPlace = inPlace && new InPlace({ ...parts, program: inPlace })
  }

  /** What was committed last; undefined when this instance does not know. */
  get head(): SourceCommit | undefined {
    return this.#head?.record
  }

  /** What was known of the log last; remembered also when the head is not. */
  readonly progress = (): Progress => this.#progress

  /** Whether the head will never expire: a seal that nothing was about to follow. */
  get sealed(): boolean {
    return this.#head?.record.kind === 'seal' && this.#head.headUntil === undefined
  }

  get version(): number {
    return this.#head?.version ?? 0
  }

  /**
   * Step 1. What is in memory is taken as fresh unless the event is ahead of it: offsets are dense, so another instance
   * went on. What is behind needs no look either: if memory is stale, the commit's condition will tell. Only memory from
   * before what may have expired since does not count: versions that have expired are free again.
   */
  async load(firstOffset: number): Promise<void> {
    const { environment, settings } = this.parts
    const now = environment.clock.now()
    const until = this.head?.position?.until
    const trusted = now - this.#knownAt < trustedFor(settings)
    if (this.#head && trusted && (until === undefined || firstOffset <= until)) return
    const entry = await this.#readHead()
    this.#head ??= await this.#beBorn(entry)
  }

  /**
   * Step 1 for those who move a silent task on: with a look at the log in any case.
   *
   * @param joinedAt where a task stands that has committed nothing yet.
   */
  async loadQuiet(joinedAt: number): Promise<void> {
    const entry = await this.#readHead()
    if (!entry) throw new LogLostError(this.parts.ref) // it is known, so there was a birth
    this.#head ??= { ...entry, record: { ...entry.record, frontier: joinedAt }, published: true }
  }

  /** Memory has a head afterwards, unless the log has none but a birth. */
  async #readHead(): Promise<Entry<SourceCommit> | undefined> {
    const now = this.parts.environment.clock.now()
    const entry = await this.parts.log.head()
    this.#knownAt = now
    if (entry && entry.version === this.#head?.version) return entry
    this.#head = entry && entry.record.kind !== 'birth' ? { ...entry, published: false } : undefined
    if (this.head) this.#note(this.head)
    return entry
  }

  /**
   * The first commit of a task. Its log begins with a `birth`, then the closing task gets to know it, and only then it
   * commits records: no batch can be closed without it, and an empty log of a known task is a lost one.
   *
   * @param birth if it is there already: since then the task is silent, whoever looks at it first.
   */
  async #beBorn(birth: Entry<SourceCommit> | undefined): Promise<Head> {
    const { ref, log, closer, environment } = this.parts
    const now = environment.clock.now()
    const record: SourceCommit = birth?.record ?? {
      kind: 'birth',
      at: now,
      active: now,
      code: environment.code,
      position: undefined,
      frontier: 0,
      partials: [],
      outbox: [],
      counts: NO_COUNTS,
      totals: NO_COUNTS,
    }
    const version = birth?.version ?? 0
    // More than that has been read of it: the log is lost, unless another instance has written since this one looked.
    if ((await closer.readOf(ref)) > version && ((await log.head())?.version ?? 0) <= version)
      throw new LogLostError(ref)
    // Whether this or another instance's birth comes first makes no difference.
    if (!birth) await log.append(1, await log.prepare(record))
    const joined = { ...record, frontier: await closer.join(ref) }
    return { version: 1, record: joined, bytes: 0, again: () => joined, published: true }
  }

  /** A task that fails for long commits nothing: its head, and what its state is made of, must not expire meanwhile. */
  async keepAlive(): Promise<void> {
    const { log, settings, environment } = this.parts
    const until = this.#head?.headUntil ?? Number.POSITIVE_INFINITY
    if (until * 1000 > environment.clock.now() + settings.retention / 2) return
    await log.keep(({ version, record }) => record.inPlace?.since ?? version)
    this.#head = this.#head && { ...this.#head, headUntil: log.headUntilOf(this.version) }
  }

  /** A task that was put to sleep comes back before it commits: from here on, nothing is closed without it. */
  async rouse(): Promise<void> {
    const head = this.#head
    if (head?.record.kind !== 'sleep' || head.roused) return
    const frontier = Math.max(head.record.frontier, await this.parts.closer.rouse(this.parts.ref, head.version))
    this.#head = { ...head, roused: true, record: { ...head.record, frontier } }
  }

  /**
   * Step 2. An entry with a successor is published, so only the head can be unpublished.
   *
   * @param wakes whether to arm its wake-up, too.
   */
  async healHead(wakes = true): Promise<void> {
    if (!this.#head || this.#head.published) return
    const { outbox, at } = this.#head.record
    await heal(this.parts.publisher, wakes ? outbox : visible(outbox), at)
    this.#markPublished(this.#head)
  }

  /**
   * Step 4 for operators by key that need no shuffle: runs the batches that the partition passes with this commit.
   *
   * @param seal whether state is to be in a snapshot of its own.
   */
  async runInPlace(produced: Produced, frontier: number, seal = false): Promise<Produced | ProducedInPlace> {
    if (!this.#head) return produced
    if (this.#inPlace) return this.#inPlace.run(this.#head, produced, frontier, seal)
    return { ...produced, ...(await carryOn(this.parts, this.#head, frontier, seal)) }
  }

  /** Step 5. On conflict what was staged is thrown away and the memory with it; `unsavable`: a value in it cannot be encoded. */
  async commit(record: SourceCommit): Promise<'committed' | 'conflict' | 'unsavable'> {
    const { log, settings, environment } = this.parts
    const version = this.version + 1
    let prepared: PreparedRecord<SourceCommit>
    try {
      prepared = await log.prepare(record, version)
    } catch (error) {
      await withdraw(environment.objects, record.outbox)
      if (error instanceof UnsavableValueError || error instanceof DecodeError) return 'unsavable'
      throw error
    }
    // Not known to have failed means maybe written: then what is staged must stay, and memory must go.
    this.#head = undefined
    const expiresAt = record.kind === 'seal' ? undefined : record.at + settings.retention
    const outcome = await log.append(version, prepared, expiresAt)
    if (outcome === 'committed') {
      const { bytes, again } = prepared
      this.#head = { version, record, bytes, again, headUntil: log.headUntilOf(version), published: false }
      this.#inPlace?.committed(version)
      this.#knownAt = record.at
      this.#note(record)
      return 'committed'
    }
    await Promise.all([withdraw(environment.objects, record.outbox), log.discard(prepared)])
    return 'conflict'
  }

  /** Step 6. */
  async publishHead(): Promise<void> {
    if (!this.#head) return
    await publish(this.parts.publisher, this.#head.record.outbox)
    this.#markPublished(this.#head)
  }

  /** Drops what is in memory, so that the next micro-batch reads the log. */
  forget(): void {
    this.#head = undefined
  }

  /**
   * Runs what may find that all records fail alike, and tells it whether to blame what they call: as long as that has not been
   * so for `waitForFailed`. As far as this instance knows: another one begins to wait anew.
   */
  async patiently<R>([first]: readonly KafkaEventRecord[], run: (patient: boolean) => Promise<R>): Promise<R> {
    const { settings, environment } = this.parts
    const now = environment.clock.now()
    const offset = first?.offset ?? 0
    const since = this.#alike?.offset === offset ? this.#alike.since : now
    try {
      const result = await run(now - since < settings.waitForFailed)
      this.#alike = undefined
      return result
    } catch (error) {
      this.#alike = error instanceof TransientFailureError && error.alike ? { offset, since } : undefined
      throw error
    }
  }

  /** Says which records have times that nobody can go by: once, and again when a minute has passed, or the log would be as long as the topic. */
  warnOfTimes(records: readonly KafkaEventRecord[]): void {
    const { ref, settings, environment } = this.parts
    const now = environment.clock.now()
    if (settings.time === 'arrival' || now - this.#warnedAt < WARN_EVERY_MS) return
    const odd = records.filter(({ timestamp }) => isOutOfRange(timestamp, now + settings.clockSkew))
    const [first] = odd
    if (!first) return
    this.#warnedAt = now
    environment.log.warn(
      { task: ref.task, offset: first.offset, timestamp: first.timestamp, now, records: odd.length },
      'a timestamp is out of range and was taken as the nearest that is not: look at the clock of the producer, or whether it sends other units than milliseconds',
    )
  }

  totalsWith(counts: Counters): Counters {
    return addCounters(this.head?.totals ?? NO_COUNTS, counts)
  }

  #note({ position, active }: SourceCommit): void {
    this.#progress = { reached: position?.until ?? 0, active }
  }

  #markPublished(head: Head): void {
    this.#head = { ...head, published: true }
    this.parts.closer.observe(this.parts.ref, head)
  }
}
