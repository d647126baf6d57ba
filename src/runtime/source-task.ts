// A source task: one part of a feed (a topic-partition), its commit log, and what a warm instance remembers of it between invocations.

import { TransientFailureError } from '../errors/runtime-errors.ts'
import { LogLostError } from '../errors/state-errors.ts'
import { DecodeError, UnsavableValueError } from '../errors/value-errors.ts'
import type { JobSettings } from '../graph/job.ts'
import type { SourceCommit } from '../log/commit-record.ts'
import { addCounters, type Counters, NO_COUNTS } from '../log/commit-record.ts'
import type { Entry, TaskLog } from '../log/task-log.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Program } from '../plan/plan.ts'
import type { Mark, SourceKind, SourceRecord } from '../sources/source.ts'
import type { KnownTasks } from './closing/known-tasks.ts'
import type { Environment } from './environment.ts'
import { type Draft, FencedLog } from './fenced-log.ts'
import { carryOn, InPlace, type Produced, type ProducedInPlace } from './in-place.ts'
import { Mutex } from './mutex.ts'
import type { Publisher } from './outbox.ts'
import type { Plans } from './plans.ts'
import { isOutOfRange } from './time.ts'
import { type Progress, TroubleWatch } from './trouble.ts'

const WARN_EVERY_MS = 60_000

export interface SourceTaskParts {
  readonly ref: TaskRef
  readonly program: Program
  /** Of the sources that the program reads. */
  readonly source: SourceKind
  readonly settings: JobSettings
  readonly environment: Environment
  readonly publisher: Publisher
  readonly log: TaskLog<SourceCommit>
  readonly known: KnownTasks
  readonly plans: Plans
}

export class SourceTask {
  readonly parts: SourceTaskParts
  /** One micro-batch at a time: overlapping invocations in one process would only make each other conflict. */
  readonly mutex = new Mutex()
  readonly #log: FencedLog<SourceCommit>
  /** The head, once the task that it put to sleep has been roused. */
  #roused: SourceCommit | undefined
  #warnedAt = Number.NEGATIVE_INFINITY
  /** Since when all records from this one on fail alike. */
  #alike: { readonly from: Mark | undefined; readonly since: number } | undefined
  /** Operators by key, if there are any that need no shuffle. */
  readonly #inPlace: InPlace | undefined
  readonly trouble: TroubleWatch
  #progress: Progress = { position: undefined, active: 0 }

  constructor(parts: SourceTaskParts) {
    this.parts = parts
    this.#log = new FencedLog({
      ...parts,
      // A birth says nothing until the closing task knows the task: where it starts.
      isHead: ({ kind }) => kind !== 'birth',
      onPublished: (entry) => parts.known.observe(parts.ref, entry),
    })
    this.trouble = new TroubleWatch(parts)
    const { inPlace } = parts.program
    this.#inPlace = inPlace && new InPlace({ ...parts, program: inPlace })
  }

  /** What was committed last, as far as known. */
  get head(): SourceCommit | undefined {
    return this.#log.head?.record
  }

  /** What was known of the log last; remembered also when the head is not. */
  readonly progress = (): Progress => this.#progress

  /** Whether the head will never expire: a seal that nothing was about to follow. */
  get sealed(): boolean {
    return this.head?.kind === 'seal' && this.#log.head?.headUntil === undefined
  }

  get version(): number {
    return this.#log.version
  }

  /**
   * Step 1. What is in memory is taken as fresh unless the records show that another instance went on, as dense offsets do.
   * What is behind needs no look either: if memory is stale, the commit's condition will tell.
   */
  async load(records: readonly SourceRecord[]): Promise<void> {
    if (this.head && this.#log.isFresh && this.parts.source.isFresh(this.head.position, records)) return
    const birth = await this.#read()
    if (!this.head) this.#log.hold(await this.#beBorn(birth), true)
  }

  /**
   * Step 1 for those who move a silent task on: with a look at the log in any case.
   *
   * @param joinedAt where a task stands that has committed nothing yet.
   */
  async loadQuiet(joinedAt: number): Promise<void> {
    const entry = await this.#read()
    if (!entry) throw new LogLostError(this.parts.ref) // it is known, so there was a birth
    if (!this.head) this.#log.hold({ ...entry, record: { ...entry.record, frontier: joinedAt } }, true)
  }

  /** Looks at the log, for those who would write nothing: whether others have gone on since this instance looked last. */
  async goneOn(): Promise<boolean> {
    const { version } = this
    await this.#read()
    return this.version !== version
  }

  /** There is a head afterwards, unless the log has none but a birth. */
  async #read(): Promise<Entry<SourceCommit> | undefined> {
    const { entry, isNew } = await this.#log.read()
    if (isNew && this.head) this.#note(this.head)
    return entry
  }

  /**
   * The first commit of a task. Its log begins with a `birth`, then the closing task gets to know it, and only then it
   * commits records: no batch can be closed without it, and an empty log of a known task is a lost one.
   *
   * @param birth if it is there already: since then the task is silent, whoever looks at it first.
   */
  async #beBorn(birth: Entry<SourceCommit> | undefined): Promise<Entry<SourceCommit>> {
    const { ref, log, known, environment } = this.parts
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
    if ((await known.readOf(ref)) > version && ((await log.head())?.version ?? 0) <= version)
      throw new LogLostError(ref)
    // Whether this or another instance's birth comes first makes no difference.
    if (!birth) await this.#log.beBorn(record)
    const joined = { ...record, frontier: await known.join(ref) }
    return { version: 1, record: joined, bytes: 0, again: () => joined }
  }

  /** A task that fails for long commits nothing: its head, and what its state is made of, must not expire meanwhile. */
  keepAlive(): Promise<void> {
    return this.#log.keepAlive(({ version, record }) => record.inPlace?.since ?? version)
  }

  /** A task that was put to sleep comes back before it commits: from here on, nothing is closed without it. */
  async rouse(): Promise<void> {
    const { head } = this.#log
    if (head?.record.kind !== 'sleep' || head.record === this.#roused) return
    const frontier = Math.max(head.record.frontier, await this.parts.known.rouse(this.parts.ref, head.version))
    this.#roused = { ...head.record, frontier }
    this.#log.hold({ ...head, record: this.#roused }, true)
  }

  /**
   * Step 2. An entry with a successor is published, so only the head can be unpublished.
   *
   * @param wakes whether to arm its wake-up, too.
   */
  healHead(wakes = true): Promise<void> {
    return this.#log.heal(wakes)
  }

  /**
   * Step 4 for operators by key that need no shuffle: runs the batches that the partition passes with this commit.
   *
   * @param seal whether state is to be in a snapshot of its own.
   */
  async runInPlace(produced: Produced, frontier: number, seal = false): Promise<Produced | ProducedInPlace> {
    const { head } = this.#log
    if (!head) return produced
    if (this.#inPlace) return this.#inPlace.run(head, produced, frontier, seal)
    return { ...produced, ...(await carryOn(this.parts, head, frontier, seal)) }
  }

  /** Step 5. On conflict what was staged is thrown away and the memory with it; `unsavable`: a value in it cannot be encoded. */
  async commit(record: SourceCommit): Promise<'committed' | 'conflict' | 'unsavable'> {
    let draft: Draft<SourceCommit>
    try {
      draft = await this.#log.prepare(record)
    } catch (error) {
      if (error instanceof UnsavableValueError || error instanceof DecodeError) return 'unsavable'
      throw error
    }
    if ((await this.#log.append(draft)) === 'conflict') return 'conflict'
    this.#inPlace?.committed(draft.version)
    this.#note(record)
    return 'committed'
  }

  /** Step 6. */
  publishHead(): Promise<void> {
    return this.#log.publish()
  }

  /** Drops what is in memory, so that the next micro-batch reads the log. */
  forget(): void {
    this.#log.forget()
  }

  /**
   * Runs what may find that all records fail alike, and tells it whether to blame what they call: as long as that has not been
   * so for `waitForFailed`. As far as this instance knows: another one begins to wait anew.
   */
  async patiently<R>([first]: readonly SourceRecord[], run: (patient: boolean) => Promise<R>): Promise<R> {
    const { source, settings, environment } = this.parts
    const now = environment.clock.now()
    const from = first && source.markOf(first)
    const since = this.#alike && this.#alike.from === from ? this.#alike.since : now
    try {
      const result = await run(now - since < settings.waitForFailed)
      this.#alike = undefined
      return result
    } catch (error) {
      this.#alike = error instanceof TransientFailureError && error.alike ? { from, since } : undefined
      throw error
    }
  }

  /** Says which records have times that nobody can go by: once, and again when a minute has passed, or the log would be as long as the topic. */
  warnOfTimes(records: readonly SourceRecord[]): void {
    const { ref, source, settings, environment } = this.parts
    const now = environment.clock.now()
    if (settings.time === 'arrival' || now - this.#warnedAt < WARN_EVERY_MS) return
    const odd = records.filter((record) => isOutOfRange(source.timeOf(record), now + settings.clockSkew))
    const [first] = odd
    if (!first) return
    this.#warnedAt = now
    environment.log.warn(
      { task: ref.task, ...source.recordFacts(first), timestamp: source.timeOf(first), now, records: odd.length },
      'a timestamp is out of range and was taken as the nearest that is not: look at the clock of the producer, or whether it sends other units than milliseconds',
    )
  }

  totalsWith(counts: Counters): Counters {
    return addCounters(this.head?.totals ?? NO_COUNTS, counts)
  }

  #note({ position, active }: SourceCommit): void {
    this.#progress = { position, active }
  }
}
