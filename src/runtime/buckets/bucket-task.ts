// A task of a shuffle stage: one bucket, its state, and its commit log. It runs the batches that are closed, in order, and
// commits what they did under the same fence as a source task: state change, promised output, what travels on.

import { errorFacts } from '../../errors/errors.ts'
import { type BatchPartial, type BucketCommit, isBucketCommit } from '../../log/commit-record.ts'
import type { Entry } from '../../log/task-log.ts'
import { stagePlace } from '../../names/edges.ts'
import { isOfCall } from '../calls.ts'
import { FencedLog } from '../fenced-log.ts'
import { type Part, partsOf } from '../held.ts'
import { Mutex } from '../mutex.ts'
import { openLog } from '../open-log.ts'
import { ofOpenBatches, promiseObjects } from '../outbox.ts'
import { blame } from '../savable.ts'
import type { Contribution } from '../whole.ts'
import { bucketCommit, bucketSeal } from './bucket-commit.ts'
import type { BucketParts } from './bucket-parts.ts'
import { dueAfter, nextTime, runClosed, type StageInput } from './bucket-run.ts'
import { BucketState } from './bucket-state.ts'

/** What running closed batches comes to. */
interface Run {
  readonly commit: BucketCommit | undefined
  /** One for every batch that ran, also when there is nothing to commit. */
  readonly partials: readonly BatchPartial[]
}

const NOTHING: Run = { commit: undefined, partials: [] }

export class BucketTask {
  readonly #parts: BucketParts
  readonly #log: FencedLog<BucketCommit>
  readonly #state: BucketState
  /** When one bucket of a stage fails, the stage is given up while others are still at work; whoever comes next must wait. */
  readonly #mutex = new Mutex()
  /** What the head has for those who go on with it. */
  #ofHead: readonly Part[] = []
  /** Batches up to here are done; at least what the head says, more when nothing had to be committed. */
  #doneUntil = 0
  /** Of the last run, when it did nothing that had to be committed. */
  #idle: readonly Part[] = []

  constructor(parts: BucketParts) {
    this.#parts = parts
    const log = openLog(parts.ref, parts.environment, parts.settings, isBucketCommit)
    this.#log = new FencedLog({ ...parts, log })
    const { onPoison } = parts.settings
    this.#state = new BucketState(parts.stage, parts.bucket, log, parts.environment, onPoison)
  }

  get #head(): Entry<BucketCommit> | undefined {
    return this.#log.head
  }

  /** When something has to be run although no data may come: by the state, or by what the head says of it. */
  get due(): number | undefined {
    const program = this.#state.at(this.#head)
    return program ? dueAfter(program, this.#doneUntil, this.#parts.settings) : this.#head?.record.due
  }

  /** As in the record of the head. */
  get waitsFrom(): number | undefined {
    return this.#head?.record.waitsFrom
  }

  /** Up to which version the log is known to go; 0: it may not have begun. */
  get version(): number {
    return this.#log.known
  }

  /** Whether the state is in memory, as it is at the log's head. */
  get isWarm(): boolean {
    return this.#state.at(this.#head) !== undefined
  }

  /** Of the state, compressed: what a cold instance has to read. */
  get stateBytes(): number {
    const { snapshot, logBytes = 0 } = this.#head?.record ?? {}
    return (snapshot?.bytes ?? 0) + logBytes + (this.#head?.bytes ?? 0)
  }

  /** What the last runs did, committed or not: for those who go on with it. */
  get parts(): readonly Part[] {
    return [...this.#ofHead, ...this.#idle]
  }

  /** The same, decoded. */
  get partials(): readonly BatchPartial[] {
    return this.parts.map((part) => part.fresh())
  }

  /** Whether `parts` are all that the bucket did in (after, until]: not when another instance has gone on or sealed the log since. */
  remembers(after: number, until: number): boolean {
    const { kind, closedUntil } = this.#head?.record ?? { kind: 'bucket', closedUntil: 0 }
    return closedUntil <= (kind === 'seal' ? after : until)
  }

  /** What other code has done in (after, until]. */
  foreignIn(after: number, until: number): Contribution[] {
    const { ref, plans } = this.#parts
    const { plan, partials = [] } = this.#head?.record ?? {}
    if (plan === plans.own.fingerprint) return []
    const some = partials.filter(({ time }) => time > after && time <= until)
    return some.map((partial) => ({ place: stagePlace(ref.stage), plan, partial }))
  }

  isDone(until: number): boolean {
    return this.#doneUntil >= until
  }

  /** Takes note of a version that the log goes up to: one that ends before it is lost (I7). */
  expect(version: number): void {
    this.#log.expect(version)
  }

  /** The first entry, before anything can fall into the bucket: from then on an empty log is a lost one. Whose it is makes no difference. */
  beBorn(): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.version > 0) return
      const { environment, settings } = this.#parts
      const [at, code] = [environment.clock.now(), environment.code]
      const due = dueAfter(await this.#state.restore(undefined), 0, settings)
      const nothing = { ran: [], state: [], snapshot: undefined, logBytes: 0, logSince: at, partials: [], outbox: [] }
      await this.#log.beBorn({ kind: 'birth', at, code, closedUntil: 0, due, ...nothing })
      this.expect(1)
      this.doubt()
    })
  }

  /** Brings the bucket up to `closedUntil`, whoever else does the same. What was sent something commits in any case. */
  advance(input: StageInput): Promise<void> {
    return this.#mutex.run(() => this.#advance(input))
  }

  async #advance(input: StageInput): Promise<void> {
    try {
      for (;;) {
        await this.#look()
        const done = this.isDone(input.closedUntil)
        try {
          await this.#log.heal()
        } catch (error) {
          if (!done) throw error
          this.#tellOfCall(error)
        }
        if (done) return
        const { commit, partials } = await this.#run(input)
        if (commit && (await this.#commit(commit)) === 'conflict') continue
        this.#idle = commit ? [] : partsOf(partials, () => partials)
        this.#doneUntil = input.closedUntil
        try {
          await this.#log.publish()
        } catch (error) {
          this.#tellOfCall(error)
        }
        return
      }
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /**
   * Batches are done all the same when a function of the job fails that is called after the commit: it is called again before the
   * bucket's next one, and only then others wait for it.
   */
  #tellOfCall(error: unknown): void {
    if (!isOfCall(error)) throw error
    const { ref, environment } = this.#parts
    environment.log.error({ ...ref, ...errorFacts(error) }, 'a call failed after the commit')
  }

  /** Reads the head of the log, unless memory is fresh enough. State is read when it is needed. */
  load(): Promise<void> {
    return this.#mutex.run(() => this.#look())
  }

  async #look(): Promise<void> {
    if (this.#log.isFresh) return
    if (!this.#log.isTrusted) this.forget() // what was held for so long is read anew, state and all
    const { entry, isNew } = await this.#log.read()
    if (!isNew) return
    this.#took(entry)
    if (entry?.record.code === this.#parts.environment.code) return
    try {
      await this.#state.restore(entry) // what is due may be something else to this code
    } catch (error) {
      this.forget() // it is not known what is due
      throw error
    }
  }

  #took(head: Entry<BucketCommit> | undefined): void {
    this.#ofHead = head ? partsOf(head.record.partials, () => head.again().partials, true) : []
    this.#doneUntil = head?.record.closedUntil ?? 0
    this.#idle = []
  }

  /** Whether the bucket is done up to `until` by now: reads what another instance has added since, next to nothing as long as it has not. */
  follow(until: number): Promise<boolean> {
    return this.#mutex.run(async () => {
      await this.#look()
      if (this.isDone(until)) return true
      const added = await this.#log.log.read(this.#log.version)
      const last = added.at(-1)
      if (last) {
        this.#log.hold(last)
        this.#took(last)
      }
      return this.isDone(until)
    })
  }

  /** Commits what is to be noted between two closings. @param draft is asked again after a lost race; undefined: nothing is */
  note(draft: (head: Entry<BucketCommit>, state: BucketState) => Promise<BucketCommit | undefined>): Promise<void> {
    return this.#mutex.run(async () => {
      try {
        for (let lost = true; lost; ) {
          await this.#look()
          await this.#log.heal()
          const commit = this.#head && (await draft(this.#head, this.#state))
          lost = commit !== undefined && (await this.#commit(commit)) === 'conflict'
        }
      } catch (error) {
        this.forget()
        throw error
      }
    })
  }

  forget(): void {
    this.#log.forget()
    this.#state.forget()
  }

  /** Does not trust memory any more without a look at the log's head: what would be done without data depends on it. */
  doubt(): void {
    this.#log.doubt()
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
    await this.#look()
    await this.#log.heal()
    const head = this.#head
    if (head && head.record.closedUntil > closedUntil) return false
    if (!head || (head.record.kind !== 'bucket' && head.headUntil === undefined)) return true
    // What waits is noted in the log every few minutes; a snapshot of it each time would be much for what fails for days.
    if (head.record.waitsFrom !== undefined) return true
    const snapshot = await this.#state.writeSnapshot(head, this.#parts.settings)
    const at = this.#parts.environment.clock.now()
    const seal = { ...bucketSeal(head.record, at, snapshot), logFor: this.#parts.settings.retention }
    return (await this.#commit(seal)) === 'committed'
  }

  /** Runs all batches that are closed and not done; no commit when they did nothing that has to be kept. */
  async #run(input: StageInput): Promise<Run> {
    const { settings, environment, plans } = this.#parts
    const head = this.#head
    const next = nextTime(this.#doneUntil, this.due, settings, input)
    // A bucket that nothing falls into keeps its head alive all the same: a new snapshot is one for a new head.
    if (next === undefined && !this.#state.isSnapshotDue(head, settings)) return NOTHING
    const program = await this.#state.restore(head)
    const fresh =
      head && this.#state.isSnapshotDue(head, settings) ? await this.#state.writeSnapshot(head, settings) : undefined
    const { ran, partials, objects, late, active } = await runClosed(program, this.#parts, this.#doneUntil, input)
    const state = program.takeChanges()
    if (!active && state.length === 0 && !fresh) return { commit: undefined, partials }
    const open = late.length > 0 ? await ofOpenBatches(late, environment) : []
    const outbox = await promiseObjects(environment.objects, [...objects, ...open])
    const [at, code, closedUntil] = [environment.clock.now(), environment.code, input.closedUntil]
    const due = dueAfter(program, closedUntil, settings)
    const done = { at, code, plan: plans.own.fingerprint, closedUntil, ran, due, state, partials, outbox }
    return { commit: bucketCommit(head, fresh, done, settings, program.waiting), partials }
  }

  async #commit(record: BucketCommit): Promise<'committed' | 'conflict'> {
    const draft = await this.#log.prepare(record).catch((error: unknown) => blame(record, error))
    this.#state.forget() // it is ahead of the log until it is known how it went
    if ((await this.#log.append(draft)) === 'conflict') return 'conflict'
    const head = this.#head
    this.#ofHead = partsOf(record.partials, () => draft.prepared.again().partials)
    if (head) this.#state.committed(head)
    return 'committed'
  }
}
