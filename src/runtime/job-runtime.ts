// A job in one process: its tasks, its closing task, and what happens at an invocation and at a wake-up.

import { causeFacts } from '../errors/errors.ts'
import { PartitionAddedError, UnknownTopicError } from '../errors/runtime-errors.ts'
import type { JobDefinition } from '../graph/job.ts'
import { partitionOf, SOURCE_STAGE, sourceTask } from '../names/tasks.ts'
import type { Plan } from '../plan/plan.ts'
import { planJob } from '../plan/plan-job.ts'
import { viewOf } from '../plan/shape.ts'
import { type Delivery, kindOf, type SourceRecord } from '../sources/source.ts'
import { type MicroBatch, runMicroBatch } from './batch.ts'
import { Stages } from './buckets/stages.ts'
import { Calls } from './calls.ts'
import { type ClaimOptions, claimJob } from './claim.ts'
import { Closer } from './closing/closer.ts'
import type { Settled } from './closing/closer-parts.ts'
import type { Environment } from './environment.ts'
import { KeepAlive } from './keep-alive.ts'
import { type Mirrors, mirrorsOf } from './mirrors.ts'
import { openSourceLog } from './open-log.ts'
import { goneJudge, type Publisher } from './outbox.ts'
import { PendingEffects } from './pending-effects.ts'
import { checkPlaces } from './places.ts'
import { Plans } from './plans.ts'
import { redirecting } from './redirects.ts'
import { Helper } from './side-by-side/answering.ts'
import { Lookout } from './side-by-side/lookout.ts'
import type { Share } from './side-by-side/share.ts'
import { SourceTask } from './source-task.ts'
import { Telling } from './telling.ts'
import { latest } from './time.ts'
import { WakeUps } from './wake-ups.ts'

/** How one task of an event went: independent of the others. */
export type DeliveryOutcome = Delivery &
  (
    | { readonly result: MicroBatch; readonly error?: undefined }
    | { readonly result?: undefined; readonly error: unknown }
  )

export interface RuntimeOptions {
  /** Take the job over from the function that owns it. Default false. */
  readonly takeOver?: boolean
  /** Ids of operators that may go or start empty; what is on its way to them and has nowhere to go may be dropped. Default none. */
  readonly accept?: readonly string[]
}

/** A wake-up for what could be done now: later than the one that is being handled. */
const SOON_MS = 50

/** A micro-batch that is known to be in trouble when it fails or takes long. */
function runWatched(task: SourceTask, records: readonly SourceRecord[]): Promise<MicroBatch> {
  return task.trouble.around(records, task.progress, () => runMicroBatch(task, records))
}

export class JobRuntime {
  readonly plan: Plan
  readonly #environment: Environment
  readonly #options: ClaimOptions
  readonly #publisher: Publisher
  readonly #calls: Calls
  readonly #plans: Plans
  readonly #closer: Closer
  readonly #helper: Helper
  readonly #lookout: Lookout
  readonly #wakeUps: WakeUps
  readonly #keepAlive: KeepAlive
  /** Absent where nobody listens. */
  readonly #telling: Telling | undefined
  /** Absent where positions are mirrored to nobody. */
  readonly #mirrors: Mirrors | undefined
  readonly #pending: PendingEffects
  readonly #tasks = new Map<string, SourceTask>()
  #claimed: Promise<void> | undefined

  constructor(job: JobDefinition, environment: Environment, { takeOver = false, accept = [] }: RuntimeOptions = {}) {
    this.plan = planJob(job)
    this.#environment = environment
    this.#options = { takeOver, accept }
    const { print } = environment
    const objects = redirecting(job.name, environment)
    this.#wakeUps = new WakeUps(job.name, environment)
    this.#plans = new Plans(job, viewOf(this.plan), environment, new Set(accept))
    const plans = this.#plans
    this.#calls = new Calls(job.name, this.plan.outputs, new Set(accept), plans.kinds, environment.log)
    this.#publisher = {
      objects,
      print,
      call: (call, by) => this.#calls.make(call, by),
      wake: (at) => this.#wakeUps.ensure(at),
      gone: goneJudge(job.settings, environment),
    }
    const shared = { job: job.name, settings: job.settings, environment, publisher: this.#publisher, plans }
    const stages = new Stages({ ...shared, stages: this.plan.stages })
    const outputs = this.plan.outputs.filter(({ stage }) => stage === SOURCE_STAGE)
    const anyInPlace = [...this.plan.programs.values()].some(({ inPlace }) => inPlace)
    const taskInPlace = (task: string): SourceTask | undefined => this.#taskInPlace(task)
    const isAtWork = (task: string): boolean => this.#tasks.get(task)?.mutex.held ?? false
    const { listeners } = job.settings
    this.#telling = listeners && new Telling(this.plan, environment, listeners)
    this.#keepAlive = new KeepAlive(job.name, job.settings, environment)
    this.#closer = new Closer({
      ...shared,
      outputs,
      stages,
      anyInPlace,
      taskInPlace,
      isAtWork,
      keepAlive: this.#keepAlive,
      telling: this.#telling,
    })
    this.#helper = new Helper({ job: job.name, settings: job.settings, environment, stages, plans })
    this.#pending = new PendingEffects({ job: job.name, environment, afterCommits: stages.afterCommits })
    this.#mirrors = mirrorsOf(this.plan, plans.kinds, environment)
    this.#lookout = new Lookout(job.name, job.settings, environment)
  }

  /**
   * Processes the records of one invocation, tasks side by side and independently, then closes what can be closed.
   * Errors of tasks are in the outcomes; what is thrown concerns the job as a whole.
   */
  async process(deliveries: readonly Delivery[]): Promise<DeliveryOutcome[]> {
    try {
      await this.#claim()
      const outcomes = await Promise.all(deliveries.map((delivery) => this.#processDelivery(delivery)))
      const lap = this.#environment.meter?.laps()
      const moves = outcomes.flatMap(({ result }) => result ?? [])
      if (await this.#lookout.shouldLook(moves, this.#closer.closedUntil)) await this.#closer.look()
      if (this.#pending.any) await this.#doWhatWaits()
      if (this.#mirrors?.isDue) await this.#mirrors.write(this.#closer.known.standing())
      lap?.('close')
      return outcomes
    } finally {
      if (this.#telling) await this.#telling.settle()
    }
  }

  /**
   * Handles a wake-up: closes what can be closed, moves silent tasks on, seals quiet logs. When something is still open
   * the next wake-up is armed, else none: an idle job runs nothing.
   *
   * @param fired the time for which the wake-up was armed
   * @param turn which of the messages for that time it is, if it says so.
   */
  async wake(fired: number, turn?: number): Promise<void> {
    try {
      await this.#claim()
      if (await this.#wakeUps.passOn(fired, turn)) return
      await this.#wakeUps.begin(fired)
      const lap = this.#environment.meter?.laps()
      const { open, atRest } = await this.#closer.look(true)
      const left = this.#pending.any ? await this.#pending.run() : undefined
      lap?.('close')
      if (open === undefined) this.#telling?.idle(atRest && !left)
      if (this.#mirrors) await this.#mirror(this.#mirrors, atRest && !left, fired)
      if (atRest && !left) return
      const now = Math.max(this.#environment.clock.now(), fired)
      const next = Math.max(open ?? 0, now + this.plan.job.settings.idleAfter)
      const again = left?.from === undefined ? next : Math.max(left.from, now + SOON_MS)
      await this.#wakeUps.ensure(atRest ? again : Math.min(next, again), fired)
    } finally {
      if (this.#telling) await this.#telling.settle()
    }
  }

  /** Closes what the clock lets it close, as a wake-up does, and arms nothing; for a job that is drained (`drain.ts`). */
  async settle(): Promise<Settled> {
    try {
      await this.#claim()
      await this.#closer.look()
      const { known } = this.#closer
      if (known.inOrder().length === 0) return { open: undefined, last: Number.NEGATIVE_INFINITY, waits: false }
      const { open } = await this.#closer.look(true)
      const left = this.#pending.any ? await this.#pending.run() : undefined
      const again = await this.#mirrors?.writeAll(known.inOrder())
      const last = latest(known.inOrder().flatMap(({ frontier, openTimes }) => [frontier, ...openTimes]))
      return { open, last, waits: left?.from !== undefined || again !== undefined }
    } finally {
      if (this.#telling) await this.#telling.settle()
    }
  }

  /** After a wake-up. @param last nothing else is armed: it has to be complete */
  async #mirror(mirrors: Mirrors, last: boolean, fired: number): Promise<void> {
    const { known } = this.#closer
    if (!last) {
      if (mirrors.isDue) await mirrors.write(known.standing())
      return
    }
    const again = await mirrors.writeAll(known.inOrder())
    if (again !== undefined) await this.#wakeUps.ensure(again, fired)
  }

  /** After the commits of an invocation. What is left to do comes again. */
  async #doWhatWaits(): Promise<void> {
    const left = await this.#pending.run()
    if (left?.from !== undefined)
      await this.#wakeUps.ensure(Math.max(left.from, this.#environment.clock.now() + SOON_MS))
  }

  #couldNot(what: string, cause: unknown): void {
    this.#environment.log.warn({ job: this.plan.job.name, ...causeFacts(cause) }, `could not ${what}`)
  }

  /** Ends what is held for functions of the job: the instance ends. */
  async close(): Promise<void> {
    this.#telling?.ended()
    const { known } = this.#closer
    await Promise.all([this.#calls.close(), this.#telling?.settle(), this.#mirrors?.write(known.standing())])
  }

  /** Runs buckets for an invocation that has closed batches and asked for help. */
  async help(share: Share): Promise<void> {
    try {
      await this.#claim()
      await this.#helper.run(share)
    } finally {
      if (this.#telling) await this.#telling.settle()
    }
  }

  async #claim(): Promise<void> {
    this.#claimed ??= this.#claimNow()
    try {
      await this.#claimed
    } catch (error) {
      this.#claimed = undefined
      this.#telling?.refused(error)
      await this.#keepAlive.whenRefused().catch((cause: unknown) => this.#couldNot('keep alive what is there', cause))
      throw error
    }
  }

  async #claimNow(): Promise<void> {
    const { fingerprint } = this.#plans.own
    const isFirst = await claimJob(this.plan, fingerprint, this.#environment, this.#options, () => this.#introduce())
    this.#plans.claimed()
    this.#telling?.began(isFirst)
  }

  /**
   * What other code has left must have somewhere to go, and what this code writes as well. Then partitions that are known beforehand join, before any batch can be
   * closed without them.
   */
  async #introduce(): Promise<void> {
    if (await this.#plans.mayLose()) await this.#closer.refuseStrays()
    await checkPlaces(this.plan, this.#environment)
    await this.#plans.keep()
    const { partitions } = this.#environment
    const known = [...this.plan.programs].flatMap(([feed, { sources }]) =>
      kindOf(sources)
        .tasksOf(feed, partitions.get(feed) ?? 0)
        .map((task) => this.#task(feed, task)),
    )
    await Promise.all(known.map((task) => task.mutex.run(() => task.load([]))))
  }

  async #processDelivery(delivery: Delivery): Promise<DeliveryOutcome> {
    try {
      this.#checkTask(delivery)
      const task = this.#task(delivery.feed, delivery.task)
      return { ...delivery, result: await task.mutex.run(() => runWatched(task, delivery.records)) }
    } catch (error) {
      return { ...delivery, error }
    }
  }

  /** Where state is in partitions, another number of them is other keys in them. @throws PartitionAddedError */
  #checkTask({ feed, task }: Delivery): void {
    const count = this.#environment.partitions.get(feed)
    const program = this.plan.programs.get(feed)
    if (program?.inPlace?.newPartitions !== 'fail' || count === undefined) return
    if (kindOf(program.sources).tasksOf(feed, count).includes(task)) return
    throw new PartitionAddedError(this.plan.job.name, feed, partitionOf(task).partition, count)
  }

  /** By its name, a source task with operators by key. */
  #taskInPlace(name: string): SourceTask | undefined {
    const feed = this.#plans.kinds.feedOf(name)
    return this.plan.programs.get(feed)?.inPlace && this.#task(feed, name)
  }

  #task(feed: string, name: string): SourceTask {
    const known = this.#tasks.get(name)
    if (known) return known
    const { job, programs } = this.plan
    const program = programs.get(feed)
    if (!program) throw new UnknownTopicError(job.name, feed, [...programs.keys()])
    const environment = this.#environment
    const ref = sourceTask(job.name, name)
    const source = kindOf(program.sources)
    const log = openSourceLog(ref, source, environment, job.settings)
    const parts = { ref, program, source, settings: job.settings, environment, log }
    const task = new SourceTask({ ...parts, publisher: this.#publisher, known: this.#closer.known, plans: this.#plans })
    this.#tasks.set(name, task)
    return task
  }
}
