// How the closing task follows the log of one source task: what it has read, and what it still has to fold.

import type { BatchInput, Effect, ReadMark, SourceCommit } from '../../log/commit-record.ts'
import type { Entry, TaskLog } from '../../log/task-log.ts'
import { type Outline, type Part, partsOf } from '../held.ts'
import { heal, type Publisher, seenWhole } from '../outbox.ts'
import type { PlanName } from '../plans.ts'
import { earliest } from '../time.ts'

/** An entry that has something for a batch that is not closed yet. */
interface OpenEntry {
  readonly version: number
  /** Frontier of the entry before it. */
  readonly before: number
  /** `next` of the entry before it. */
  readonly nextBefore: number | undefined
  readonly plan: PlanName
  readonly parts: readonly Part[]
  /** Seconds after which it may be deleted. */
  readonly until: number
  /** Clock at the commit. */
  readonly at: number
  /** Where somebody asks. */
  readonly inputs: readonly BatchInput[] | undefined
}

interface Standing {
  readonly version: number
  readonly position: unknown
}

// Made once: a collator costs more than all of its comparisons. Names that it holds for equal (a-1, a-01) have an order too.
const byNumber = new Intl.Collator('en', { numeric: true })

/** By topic and partition, so that folding has one order on every instance. */
export function inOrder(readers: Iterable<LogReader>): LogReader[] {
  return [...readers].sort((a, b) => byNumber.compare(a.task, b.task) || (a.task < b.task ? -1 : 1))
}

/** How far all have got that hold anybody back. Those that sleep do not; when all do, nobody says how far time may go. */
export function frontierOf(readers: readonly LogReader[]): number {
  const awake = readers.filter(({ asleep }) => !asleep)
  return awake.length === 0 ? 0 : earliest(awake.map(({ frontier }) => frontier))
}

export class LogReader {
  readonly stage: string
  readonly task: string
  readonly log: TaskLog<SourceCommit>
  /** Nothing is added below it any more, as far as read. */
  frontier: number
  /** It holds nobody back: it was put to sleep, and nobody has roused it. */
  asleep: boolean
  /** The next batch that the task itself has to run, where it has operators by key. */
  next: number | undefined
  /** When the task last committed records; undefined until an entry was read. */
  active: number | undefined
  /** When somebody looked last whether its log, which nobody waits for, is sealed. */
  lookedAt = 0
  /** The newest entry read: its outbox is unpublished unless it is known to be (an entry with a successor is published). */
  last:
    | { readonly version: number; readonly at: number; readonly outbox: readonly Effect[]; readonly published: boolean }
    | undefined
  /** Where the task stands, and which entry says so; undefined: this instance has seen none. */
  #stands: Standing | undefined
  #read: number
  #open: OpenEntry[] = []
  /** The parts of open entries by batch time, made when asked for. */
  #byTime: Map<number, Part[]> | undefined
  #seen: number
  /** A frontier that is known to have been reached by entries that are not read yet. */
  #hint = 0
  #closedUntil: number
  /** Which plan has moved the frontier up to where. */
  #passes: { readonly from: number; readonly until: number; readonly plan: PlanName }[] = []

  constructor(mark: ReadMark, closedUntil: number, log: TaskLog<SourceCommit>) {
    this.stage = mark.stage
    this.task = mark.task
    this.log = log
    this.frontier = mark.frontier
    this.asleep = mark.asleep ?? false
    this.next = mark.next
    this.#read = mark.read
    this.#seen = mark.read
    this.#closedUntil = closedUntil
  }

  /** All entries up to this version belong to closed batches, or there are none. */
  get read(): number {
    return this.#read
  }

  /** Whether the entry of this version is the newest that was read, and the task is awake with it. */
  isAwakeAt(version: number): boolean {
    return this.#seen === version && !this.asleep
  }

  /** The frontier that the task is known to have reached, read or not. */
  get known(): number {
    return Math.max(this.frontier, this.#hint)
  }

  /** Seconds after which one of the entries that are still open may be deleted; Infinity when none is open. */
  get openUntil(): number {
    return earliest(this.#open.map(({ until }) => until)) // some may have been given a later time than what follows them
  }

  /** Batch times, not closed yet, for which entries have been read. */
  get openTimes(): number[] {
    return this.#open.flatMap(({ parts }) => parts.map(({ time }) => time))
  }

  /** What the entries have for one batch time, in the order of versions. */
  partsOf(time: number): Part[] {
    this.#byTime ??= Map.groupBy(
      this.#open.flatMap(({ parts }) => parts),
      (part) => part.time,
    )
    return this.#byTime.get(time) ?? []
  }

  /** By batch time what open entries have read for it, and when the first that has something for it was committed. */
  inputs(): Map<number, { readonly since: number; readonly read: BatchInput[] }> {
    const found = new Map<number, { readonly since: number; readonly read: BatchInput[] }>()
    for (const { at, parts, inputs = [] } of this.#open) {
      for (const { time } of parts) if (!found.has(time)) found.set(time, { since: at, read: [] })
      for (const input of inputs) found.get(input[0])?.read.push(input)
    }
    return found
  }

  /** Whether any other plan has had to do with what is open. */
  isForeign(own: string): boolean {
    return [...this.#open, ...this.#passes].some(({ plan }) => plan !== own)
  }

  /** What the entries have for one batch time, and which plan they are of. */
  contributionsTo(time: number): { readonly plan: PlanName; readonly partial: Outline }[] {
    return this.#open.flatMap(({ plan, parts }) =>
      parts.flatMap((partial) => (partial.time === time ? { plan, partial } : [])),
    )
  }

  /** The plan that has passed a batch, as far as read. */
  passedBy(time: number): PlanName {
    return this.#passes.find(({ from, until }) => from < time && time <= until)?.plan
  }

  /** Whether this instance knows that all that an entry has promised is done: somebody may have taken it away since. */
  isPublished(version: number): boolean {
    return this.last?.version === version && this.last.published && seenWhole(this.last.outbox)
  }

  /** Takes note of a commit that this very instance has made and published: no need to read it. */
  observe(entry: Entry<SourceCommit>): void {
    const { version, record } = entry
    if (version === this.#seen + 1) this.#take(entry, true)
    else if (version === this.#seen && this.last) this.last = { ...this.last, outbox: [], published: true }
    else this.expect(version, record)
  }

  /** Takes note of an entry that is still to be read. */
  expect(version: number, record: SourceCommit): void {
    this.hint(record.frontier)
    this.#stand(version, record)
  }

  /** Takes note that the task has got this far, by entries that are still to be read. */
  hint(frontier: number): void {
    this.#hint = Math.max(this.#hint, frontier)
  }

  /**
   * Reads what is new. Stale reads will do to close batches: versions are dense and frontiers only grow. Not to say that
   * nothing is left to do: then nobody would look again.
   */
  async refresh(consistent = false): Promise<void> {
    for (const entry of await this.log.read(this.#seen, consistent)) this.#take(entry, false)
  }

  /** Looks where the task stands: others may have committed since this instance has looked. */
  async lookUpPosition(): Promise<void> {
    const head = await this.log.head()
    if (head) this.#stand(head.version, head.record)
  }

  /** Where the task stands, as its source has it, of the newest entry that this instance has seen. */
  get position(): unknown {
    return this.#stands?.position
  }

  #stand(version: number, { position }: SourceCommit): void {
    if (version >= (this.#stands?.version ?? 0)) this.#stands = { version, position }
  }

  /** `_SUCCESS` must come after every part: only the newest entry of a log can be unpublished, so that one is looked after. */
  async publishLast(publisher: Publisher, closing: ReadonlySet<number>): Promise<void> {
    const { last } = this
    if (!last || last.published || !this.openTimes.some((time) => closing.has(time))) return
    await heal(publisher, { task: this.log.task, ...last }, 'visible')
    this.last = { ...last, published: true }
  }

  /** Where the reader would stand with everything up to `closedUntil` closed. */
  markAt(closedUntil: number): ReadMark {
    const stillOpen = this.#open.find(({ parts }) => parts.some(({ time }) => time > closedUntil))
    // The frontier at that very version: a further one would let others close what they have not read.
    const [read, frontier, next] = stillOpen
      ? [stillOpen.version - 1, stillOpen.before, stillOpen.nextBefore]
      : [this.#seen, this.frontier, this.next]
    const asleep = this.asleep && { asleep: true as const }
    return { stage: this.stage, task: this.task, read, frontier, ...(next !== undefined && { next }), ...asleep }
  }

  /** Where one that sleeps goes on. */
  wakingAt(closedUntil: number): ReadMark {
    const { asleep: _, ...mark } = this.markAt(closedUntil)
    return { ...mark, frontier: Math.max(mark.frontier, closedUntil) }
  }

  /** Forgets what is closed. */
  advance(mark: ReadMark, closedUntil: number): void {
    // What was read beyond the mark knows better.
    if (mark.read >= this.#seen) this.asleep = mark.asleep ?? false
    this.#read = Math.max(this.#read, mark.read)
    this.frontier = Math.max(this.frontier, mark.frontier)
    if (this.#seen < this.#read) {
      this.#seen = this.#read
      if (this.#stands && this.#stands.version < this.#read) this.#stands = undefined
      this.last = undefined
      this.next = mark.next
    }
    this.#closedUntil = closedUntil
    this.#passes = this.#passes.filter(({ until }) => until > closedUntil)
    const entries = this.#open.filter(({ version }) => version > this.#read)
    this.#open = []
    this.#byTime = undefined
    for (const entry of entries) this.#addOpen(entry)
  }

  /** @param own a commit of this process, published */
  #take({ version, record, headUntil, again }: Entry<SourceCommit>, own: boolean): void {
    if (version !== this.#seen + 1) return
    const [before, nextBefore] = [this.frontier, this.next]
    this.#seen = version
    this.next = record.inPlace?.next
    this.asleep = record.kind === 'sleep'
    this.frontier = Math.max(before, record.frontier)
    this.#pass(before, record.plan)
    this.active = record.active
    this.#stand(version, record)
    this.last = { version, at: record.at, outbox: own ? [] : record.outbox, published: own }
    const parts = partsOf(record.partials, () => again().partials, !own)
    const until = headUntil ?? Number.POSITIVE_INFINITY
    const { at, inputs } = record
    this.#addOpen({ version, before, nextBefore, plan: record.plan, parts, until, at, inputs })
  }

  #pass(from: number, plan: PlanName): void {
    if (this.frontier <= from) return
    const last = this.#passes.at(-1)
    if (last && last.plan === plan) this.#passes[this.#passes.length - 1] = { ...last, until: this.frontier }
    else this.#passes.push({ from, until: this.frontier, plan })
  }

  /** An entry that ends in a closed batch is read again after a restart: what is closed in it does not count. */
  #addOpen(entry: OpenEntry): void {
    const parts = entry.parts.filter(({ time }) => time > this.#closedUntil)
    if (parts.length === 0) return
    this.#open.push({ ...entry, parts })
    this.#byTime = undefined
  }
}
