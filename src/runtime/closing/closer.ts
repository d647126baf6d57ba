// The closing task of a job: it reads the logs of all source tasks and, when every frontier has reached T, commits that T
// is closed. Its own log fences it, so T is closed exactly once by whoever comes first, also when two come at once.
// Known source tasks stand in that log too: a partition that joins conflicts with any closing that does not know it yet.

import { LogLostError } from '../../errors/state-errors.ts'
import { type CloseCommit, isCloseCommit, type ReadMark } from '../../log/commit-record.ts'
import { closingTask, type TaskRef } from '../../names/tasks.ts'
import { FencedLog } from '../fenced-log.ts'
import { Mutex } from '../mutex.ts'
import { openLog } from '../open-log.ts'
import { keptFor } from '../snapshot-due.ts'
import { earliest } from '../time.ts'
import { judgeReached, refuseStrays, tellLacking } from '../whole.ts'
import { draftClose } from './close-draft.ts'
import { type CloserParts, type Look, NOTHING_CLOSED } from './closer-parts.ts'
import { dueTimes, tellLeftOut } from './due.ts'
import { KnownTasks } from './known-tasks.ts'
import { moveSilent, sealAhead, sealLog } from './silence.ts'

export class Closer {
  readonly parts: CloserParts
  readonly #ref: TaskRef
  readonly #log: FencedLog<CloseCommit>
  readonly #mutex = new Mutex()
  readonly known: KnownTasks

  constructor(parts: CloserParts) {
    this.parts = parts
    this.#ref = closingTask(parts.job)
    this.#log = new FencedLog({
      ...parts,
      log: openLog(this.#ref, parts.environment, parts.settings, isCloseCommit),
      keepsMemory: true,
      fulfil: (record, again) => this.#runClosed(record, again),
      onPublished: ({ record }) => record.kind === 'close' && parts.telling?.published(record.closedUntil),
    })
    this.known = new KnownTasks(parts, {
      locked: (work) => this.#mutex.run(work),
      load: () => this.#load(),
      head: () => this.#head,
      note: (tasks) => this.#note('join', tasks),
      lost: () => new LogLostError(this.#ref),
    })
  }

  get #head(): CloseCommit {
    return this.#log.head?.record ?? NOTHING_CLOSED
  }

  /** Batches up to this time are closed, as far as this instance knows. */
  get closedUntil(): number {
    return this.#head.closedUntil
  }

  /**
   * Looks whether other code has left elements on their way that have nowhere to go in this.
   *
   * @throws RecordsOnTheWayError
   */
  async refuseStrays(): Promise<void> {
    await this.#mutex.run(async () => {
      await this.#load()
      await this.known.refresh(true)
      await refuseStrays(this.parts.plans, this.known.inOrder(), this.closedUntil, this.parts.settings.batch)
    })
  }

  /**
   * Looks which batches are closed now, and closes them. On the data path only logs that hold the others back are read, at
   * most one query per source task. After a wake-up (`thorough`) all are, silent tasks are moved on, and quiet logs sealed.
   */
  look(thorough = false): Promise<Look> {
    return this.#mutex.run(async () => {
      const { environment, settings } = this.parts
      const { strangers } = this.known // before the log is read: tasks go on meanwhile
      if (!this.#log.isFresh || thorough || this.#log.version === 0 || strangers.length > 0) await this.#load()
      // Tasks join before they commit, and only commits arm wake-ups.
      const lost = strangers.some((task) => !this.known.of(task)) || (this.#log.version === 0 && thorough)
      if (lost) throw new LogLostError(this.#ref)
      if (this.#log.version === 0) return { open: undefined, atRest: true }
      await this.#keepAlive()
      await this.#log.heal() // it may be this instance's own, and have failed half way
      if (this.parts.stages.any) await this.parts.stages.load()
      if (thorough) await this.parts.stages.keepGone(this.closedUntil)
      await this.known.refresh(thorough)
      await this.#keepAlive()
      // Closing may leave something due at a later time, such as a window that is not empty yet: on to that, if silence lets it.
      for (let closedUntil = -1; closedUntil !== this.closedUntil; ) {
        closedUntil = this.closedUntil
        await this.known.rouseOneFor(this.#due)
        if (await moveSilent(this.known.inOrder(), this.#due, this.parts)) await this.known.refresh(false)
        while (await this.#closeWhatIsReached()) await this.known.refresh(false)
      }
      if (thorough) await sealAhead(this.known.inOrder(), this.parts)
      const data = this.known.inOrder().flatMap(({ openTimes }) => openTimes)
      environment.meter?.open(new Set(data).size)
      if (data.length > 0) return { open: earliest([...data, ...this.#due]), atRest: false }
      const due = this.#due
      const next = earliest(due)
      // A timeout may be due long after the entries before it have expired: then logs are sealed meanwhile, too.
      const far = next - environment.clock.now() > keptFor(this.#head, settings) / 4
      const sealed = thorough && far && (await this.#seal())
      return due.length > 0 ? { open: next, atRest: false } : { open: undefined, atRest: sealed }
    })
  }

  get #due(): number[] {
    return dueTimes(this.parts, this.known.inOrder(), this.closedUntil)
  }

  /** Commits one closing if there is something to close. True: look again, somebody else was faster. */
  async #closeWhatIsReached(): Promise<boolean> {
    const { settings, outputs, telling, environment } = this.parts
    const started = telling ? environment.clock.now() : 0
    const readers = this.known.inOrder()
    const before = this.closedUntil
    const lacking = await judgeReached(this.parts.plans, readers, before, settings.batch)
    if (!lacking) return false // newer code has been deployed, and closes what it has a part in
    const draft = draftClose(readers, before, settings.batch, outputs, this.#due, lacking)
    if (!draft) return false
    const closing = new Set(draft.closed)
    await Promise.all(readers.map((reader) => reader.publishLast(this.parts.publisher, closing)))
    await this.parts.stages.beBorn()
    const { closedUntil, closed, lacks, outbox } = draft
    const last = this.#head
    // Until the buckets have run them, the batches of this entry must be readable by whoever has to go on.
    const tasks = readers.map((reader) => reader.markAt(before))
    if ((await this.#commit({ kind: 'close', closedUntil, before, tasks, ...lacks, closed, outbox })) === 'conflict') {
      await this.#load()
      return true
    }
    environment.meter?.closed(closed.length)
    telling?.closing({ closedUntil, closed, started, readers })
    tellLeftOut(this.parts.environment.log, before, closedUntil, settings.batch)
    tellLacking(this.parts.environment.log, last, { closed, ...lacks })
    await this.#log.publish()
    return false
  }

  /** Runs what an entry has closed in the buckets; then it need not be read again. */
  async #runClosed({ closedUntil, before }: CloseCommit, again: boolean): Promise<void> {
    if (before === closedUntil) return
    if (again && this.parts.stages.any) await Promise.all(this.known.inOrder().map((reader) => reader.refresh(true)))
    const readers = this.known.inOrder()
    if (this.parts.stages.any) {
      const ran = await this.parts.stages.run(readers, before, closedUntil)
      this.parts.telling?.ran(ran, closedUntil)
    }
    for (const reader of readers) reader.advance(reader.markAt(closedUntil), closedUntil)
  }

  /** Entries that do not expire, at the end of logs that have fallen quiet (DESIGN §3). True when all are sealed. */
  async #seal(): Promise<boolean> {
    const sealed = await Promise.all(this.known.inOrder().map((reader) => sealLog(reader, this.parts)))
    if (sealed.includes(false) || !(await this.parts.stages.seal(this.closedUntil))) return false
    // Marks move on to the seals: what lies before them will expire, and must not be needed when records come again.
    const { kind, closedUntil } = this.#head
    const tasks = this.known.inOrder().map((reader) => reader.markAt(closedUntil))
    const marked = new Map(this.#head.tasks.map(({ task, read }) => [task, read]))
    const stays = kind === 'seal' && this.#log.head?.headUntil === undefined
    if (stays && tasks.every(({ task, read }) => marked.get(task) === read)) return true
    return (await this.#note('seal', tasks)) === 'committed'
  }

  /** Commits an entry that closes nothing. */
  #note(kind: 'join' | 'seal', tasks: readonly ReadMark[]): Promise<'committed' | 'conflict'> {
    return this.#commit({
      kind,
      closedUntil: this.closedUntil,
      before: this.closedUntil,
      tasks,
      closed: [],
      outbox: [],
    })
  }

  /** Reads the head of the closing log and heals it. */
  async #load(): Promise<void> {
    const { entry, isNew } = await this.#log.read()
    if (!entry || !isNew) return
    this.parts.stages.doubt()
    this.#adopt(entry.record)
    await this.#keepAlive()
    await this.#log.heal()
  }

  #keepAlive(): Promise<void> {
    return this.parts.keepAlive.whenHeldUp(this.#head, this.#log.head?.headUntil, this.known.inOrder())
  }

  async #commit(record: Omit<CloseCommit, 'at' | 'code' | 'buckets'>): Promise<'committed' | 'conflict'> {
    await this.#log.heal() // what buckets have done stands in the entry
    const { environment, settings } = this.parts
    const at = environment.clock.now()
    const retention = record.kind === 'seal' ? settings.retention : keptFor(this.#head, settings)
    const { versions: buckets } = this.parts.stages
    const commit: CloseCommit = { ...record, retention, buckets, at, code: environment.code }
    if ((await this.#log.append(await this.#log.prepare(commit))) === 'conflict') return 'conflict'
    this.#adopt(commit)
    return 'committed'
  }

  #adopt(record: CloseCommit): void {
    this.parts.stages.expect(record.buckets)
    this.known.adopt(record)
  }
}
