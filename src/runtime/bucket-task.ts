// A task of a shuffle stage: one bucket, its state, and its commit log. It runs the batches that are closed, in order, and
// commits what they did under the same fence as a source task: state change, promised output, what travels on.

import { BucketProgram } from '../operators/bucket-program.ts'
import { exchange } from '../operators/exchange.ts'
import type { ShuffleStage } from '../plan/plan.ts'
import { type BatchPartial, type BucketCommit, isBucketCommit, type SnapshotPointer } from '../state/commit-record.ts'
import { readSnapshot, writeSnapshot } from '../state/snapshots.ts'
import { LogLostError } from '../state/state-errors.ts'
import type { TaskRef } from '../state/task.ts'
import { type Entry, TaskLog } from '../state/task-log.ts'
import type { JobSettings } from '../stream/job.ts'
import type { Environment } from './environment.ts'
import { Mutex } from './mutex.ts'
import { heal, type OutputObject, type Publisher, promiseObjects, publish, withdraw } from './outbox.ts'
import { collectOutputs } from './outputs.ts'
import { isSnapshotDue } from './snapshot-due.ts'

export interface BucketParts {
  readonly ref: TaskRef
  readonly bucket: number
  readonly stage: ShuffleStage
  readonly settings: JobSettings
  readonly environment: Environment
  readonly publisher: Publisher
}

/** What a stage's run gives its buckets. */
export interface StageInput {
  readonly closedUntil: number
  /** Closed batch times with data, ascending. */
  readonly touched: readonly number[]
  /** What came over an edge, for one time and bucket, in the fixed order of folding. */
  itemsOf(edge: string, bucket: number, time: number): readonly unknown[]
}

/** What running closed batches comes to. */
interface Run {
  readonly commit: BucketCommit | undefined
  /** One for every batch that ran, also when there is nothing to commit. */
  readonly partials: readonly BatchPartial[]
}

export class BucketTask {
  readonly #parts: BucketParts
  readonly #log: TaskLog<BucketCommit>
  /** When one bucket of a stage fails, the stage is given up while others are still at work; whoever comes next must wait. */
  readonly #mutex = new Mutex()
  #program: BucketProgram
  #head: Entry<BucketCommit> | undefined
  #loadedAt: number | undefined
  #published = true
  /** Batches up to here are done; at least what the head says, more when nothing had to be committed. */
  #doneUntil = 0
  /** Another instance may have gone on since memory was loaded. */
  #doubted = false
  /** Of the last run, when it did nothing that had to be committed. */
  #idle: readonly BatchPartial[] = []
  /** The log is known to go up to this version; 0: it may not have begun. */
  #known = 0

  constructor(parts: BucketParts) {
    this.#parts = parts
    const { table, objects, bucket, newId } = parts.environment
    this.#log = new TaskLog(parts.ref, table, objects, bucket, isBucketCommit, newId)
    this.#program = new BucketProgram(parts.stage, parts.bucket)
  }

  /** When something has to be run although no data may come. */
  get due(): number | undefined {
    return this.#dueAfter(this.#doneUntil)
  }

  /** Up to which version the log is known to go. */
  get version(): number {
    return Math.max(this.#known, this.#head?.version ?? 0)
  }

  /** Takes note of a version that the log goes up to: one that ends before it is lost (I7). */
  expect(version: number): void {
    this.#known = Math.max(this.#known, version)
  }

  /** The first entry, before anything can fall into the bucket: from then on an empty log is a lost one. Whose it is makes no difference. */
  beBorn(): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.version > 0) return
      const { clock, code } = this.#parts.environment
      const at = clock.now()
      const nothing = { ran: [], state: [], snapshot: undefined, logBytes: 0, logSince: at, partials: [], outbox: [] }
      await this.#log.append(1, await this.#log.prepare({ kind: 'birth', at, code, closedUntil: 0, ...nothing }))
      this.expect(1)
      this.#doubted = true
    })
  }

  /** What the last runs did, committed or not: for those who go on with it. */
  get partials(): readonly BatchPartial[] {
    return [...(this.#head?.record.partials ?? []), ...this.#idle]
  }

  /** Whether `partials` are all that the bucket did in (after, until]: not when another instance has gone on or sealed the log since. */
  remembers(after: number, until: number): boolean {
    const { kind, closedUntil } = this.#head?.record ?? { kind: 'bucket', closedUntil: 0 }
    return closedUntil <= (kind === 'seal' ? after : until)
  }

  /** Brings the bucket up to `closedUntil`, whoever else does the same. */
  advance(input: StageInput): Promise<void> {
    return this.#mutex.run(() => this.#advance(input))
  }

  async #advance(input: StageInput): Promise<void> {
    try {
      for (;;) {
        await this.#load()
        await this.#heal()
        if (this.#doneUntil >= input.closedUntil) return
        const { commit, partials } = await this.#run(input)
        if (commit && (await this.#commit(commit)) === 'conflict') continue
        this.#idle = commit ? [] : partials
        this.#doneUntil = input.closedUntil
        await this.#publish()
        return
      }
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /** Reads state from the last snapshot and the entries since, unless memory is fresh enough. */
  load(): Promise<void> {
    return this.#mutex.run(() => this.#load())
  }

  async #load(): Promise<void> {
    const { environment, settings, ref } = this.#parts
    const now = environment.clock.now()
    const held = this.#loadedAt !== undefined && now - this.#loadedAt < settings.retention / 2
    if (held && !this.#doubted) return
    const known = this.version
    const head = await this.#log.head()
    if ((head?.version ?? 0) < known) throw new LogLostError(ref, head?.version, known)
    this.#doubted = false
    if (held && head?.version === this.#head?.version) return
    this.forget()
    this.#program = new BucketProgram(this.#parts.stage, this.#parts.bucket)
    if (head) {
      const { snapshot } = head.record
      if (snapshot) this.#program.restore(await readSnapshot(environment.objects, snapshot))
      for (const { version, record } of await this.#log.read(snapshot?.version ?? 0, true)) {
        if (version <= head.version) this.#program.restore(record.state)
      }
    }
    this.#head = head
    this.#published = head === undefined
    this.#doneUntil = head?.record.closedUntil ?? 0
    this.#idle = []
    this.#loadedAt = now
    environment.log.info({ stage: ref.stage, task: ref.task, version: head?.version ?? 0 }, 'bucket loaded')
  }

  forget(): void {
    this.#loadedAt = undefined
  }

  /** Does not trust memory any more without a look at the log's head: what would be done without data depends on it. */
  doubt(): void {
    this.#doubted = true
  }

  /**
   * An entry that does not expire and stands on a snapshot of its own, so that all before it may go.
   *
   * @param closedUntil what is known to be done in all stages: a head beyond it says what others still have to go on with.
   */
  seal(closedUntil: number): Promise<boolean> {
    return this.#mutex.run(() => this.#seal(closedUntil))
  }

  async #seal(closedUntil: number): Promise<boolean> {
    await this.#load()
    await this.#heal()
    const head = this.#head
    if (head && head.record.closedUntil > closedUntil) return false
    if (head?.record.kind !== 'bucket') return true
    const snapshot = await this.#writeSnapshot(head)
    const { record: last } = head
    const logSince = this.#parts.environment.clock.now()
    const quiet = { ran: [], state: [], partials: [], outbox: [], logBytes: 0, logSince }
    const record: BucketCommit = {
      ...last,
      kind: 'seal',
      at: this.#parts.environment.clock.now(),
      snapshot,
      ...quiet,
    }
    const sealed = (await this.#commit(record)) === 'committed'
    this.#published = true
    return sealed
  }

  /** Runs all batches that are closed and not done; no commit when they did nothing that has to be kept. */
  async #run(input: StageInput): Promise<Run> {
    const { bucket, stage, environment } = this.#parts
    const snapshot = await this.#snapshotIfDue()
    const ran: number[] = []
    const partials: BatchPartial[] = []
    const objects: OutputObject[] = []
    let fed = false
    for (let time = this.#next(this.#doneUntil, input); time !== undefined; time = this.#next(time, input)) {
      const at = time
      const slots = await this.#program.run(at, (edge) => {
        const items = input.itemsOf(edge, bucket, at)
        fed ||= items.length > 0
        return items
      })
      const outputs = collectOutputs(stage.outputs, slots, at, `part-${String(bucket).padStart(5, '0')}`)
      objects.push(...outputs.objects)
      partials.push({ time: at, samples: outputs.samples, shuffle: exchange(stage.edges, slots) })
      ran.push(at)
    }
    const state = this.#program.takeChanges()
    const sent = partials.some(({ samples, shuffle }) => samples.length > 0 || shuffle.length > 0)
    // A bucket that nothing falls into keeps its head alive all the same: a new snapshot is one for a new head.
    const quiet = !fed && !sent && objects.length === 0 && state.length === 0
    if (quiet && !snapshot.fresh) return { commit: undefined, partials }
    const outbox = await promiseObjects(environment.objects, objects)
    const [at, code] = [environment.clock.now(), environment.code]
    const last = snapshot.fresh || this.#head?.record.kind === 'birth' ? undefined : this.#head
    const logBytes = (last?.record.logBytes ?? 0) + (last?.bytes ?? 0)
    const logSince = last?.record.logSince ?? at
    const { closedUntil } = input
    const promised = { snapshot: snapshot.pointer, logBytes, logSince, partials, outbox }
    return { commit: { kind: 'bucket', at, code, closedUntil, ran, state, ...promised }, partials }
  }

  /** The next batch to run after `time`: one with data, or one that is due without. */
  #next(time: number, { closedUntil, touched }: StageInput): number | undefined {
    const { settings } = this.#parts
    const data = touched.find((candidate) => candidate > time)
    const due = settings.idle === 'run' ? this.#nextInterval(time, touched) : this.#dueAfter(time)
    const next = Math.min(data ?? Number.POSITIVE_INFINITY, due ?? Number.POSITIVE_INFINITY)
    return next <= closedUntil ? next : undefined
  }

  /** Operators say when they have something to do; it is done in the batch that ends then or next. */
  #dueAfter(time: number): number | undefined {
    const { batch } = this.#parts.settings
    const due = this.#program.due(time)
    return due === undefined ? undefined : Math.ceil(due / batch) * batch
  }

  /** `idle: 'run'`: every interval since the first batch. */
  #nextInterval(time: number, touched: readonly number[]): number | undefined {
    const { batch, zeroTime } = this.#parts.settings
    if (time > 0) return time + batch
    return zeroTime === undefined ? touched[0] : zeroTime + batch
  }

  async #commit(record: BucketCommit): Promise<'committed' | 'conflict'> {
    const { environment, settings } = this.#parts
    const prepared = await this.#log.prepare(record)
    this.forget() // until it is known how it went
    const expiresAt = record.kind === 'seal' ? undefined : record.at + settings.retention
    const version = (this.#head?.version ?? 0) + 1
    if ((await this.#log.append(version, prepared, expiresAt)) === 'conflict') {
      await Promise.all([withdraw(environment.objects, record.outbox), this.#log.discard(prepared)])
      return 'conflict'
    }
    this.#head = { version, record, bytes: prepared.bytes }
    if (record.snapshot?.version === version - 1) this.#program.saved()
    this.#published = record.outbox.length === 0
    this.#loadedAt = record.at
    return 'committed'
  }

  async #publish(): Promise<void> {
    if (this.#published || !this.#head) return
    await publish(this.#parts.publisher, this.#head.record.outbox)
    this.#published = true
  }

  async #heal(): Promise<void> {
    if (this.#published || !this.#head) return
    await heal(this.#parts.publisher, this.#head.record.outbox)
    this.#published = true
  }

  async #snapshotIfDue(): Promise<{ pointer: SnapshotPointer | undefined; fresh: boolean }> {
    const head = this.#head
    if (!head || head.record.kind === 'birth') return { pointer: undefined, fresh: false }
    const { environment, settings } = this.#parts
    // Values that had to be migrated are saved anew, so that it is done once.
    const due = isSnapshotDue(head.record, head.bytes, environment.clock.now(), settings) || this.#program.migrated
    return due
      ? { pointer: await this.#writeSnapshot(head), fresh: true }
      : { pointer: head.record.snapshot, fresh: false }
  }

  /** Written before the commit that names it. */
  #writeSnapshot({ version }: Entry<BucketCommit>): Promise<SnapshotPointer> {
    const { ref, environment } = this.#parts
    const { objects, bucket, newId } = environment
    return writeSnapshot(objects, bucket, ref, version, this.#program.state(), newId)
  }
}
