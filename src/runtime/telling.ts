// What the runtime tells listeners: the one seam. Nothing is read or written for them; an instance tells of the batches that it has
// closed itself, when all of them is published. At most once: what it has not told when it dies, nobody tells.

import { MillraceError } from '../errors/errors.ts'
import type { Listener } from '../listeners/listener.ts'
import { Notifier } from '../listeners/notify.ts'
import {
  batchInfo,
  type ClosedBatch,
  type Input,
  outputInfos,
  progressOf,
  type Reached,
  type Teller,
  tellerOf,
  timestampOf,
} from '../listeners/progress.ts'
import type { BatchInput } from '../log/commit-record.ts'
import type { Plan } from '../plan/plan.ts'
import { kindOf } from '../sources/source.ts'
import type { LogReader } from './closing/log-reader.ts'
import type { Environment } from './environment.ts'
import { earliest } from './time.ts'

/** A closing that has been committed. */
export interface Closing {
  readonly closedUntil: number
  /** Batch times with data. */
  readonly closed: readonly number[]
  /** Clock when it began. */
  readonly started: number
  /** With what they know of these batches. */
  readonly readers: readonly LogReader[]
}

/** The closing that this instance has made last, until all of it is published. */
interface Pending {
  readonly closedUntil: number
  readonly started: number
  readonly committed: number
  /** Since when batches without data could be run. */
  readonly since: number
  batches: readonly ClosedBatch[]
}

/** What one task has read for one batch. */
interface Read {
  readonly task: string
  /** Clock at the first commit that has something for it. */
  readonly since: number
  readonly read: readonly BatchInput[]
}

export class Telling {
  readonly #plan: Plan
  readonly #environment: Environment
  readonly #notifier: Notifier
  readonly #teller: Teller
  #pending: Pending | undefined

  constructor(plan: Plan, environment: Environment, listeners: readonly Listener[]) {
    this.#plan = plan
    this.#environment = environment
    this.#notifier = new Notifier(listeners, environment)
    this.#teller = tellerOf(plan.job.name, environment.instance)
  }

  /** @param isFirst whether the job had no instance before. */
  began(isFirst: boolean): void {
    const time = this.#environment.clock.now()
    const { id, runId, name } = this.#teller
    const notifier = this.#notifier
    if (isFirst)
      notifier.tell('onApplicationStart', (one) => one.onApplicationStart?.({ appName: name, appId: id, time }))
    notifier.tell('onStreamingStarted', (one) => one.onStreamingStarted?.({ time }))
    notifier.tell('onQueryStarted', (one) => one.onQueryStarted?.({ id, runId, name, timestamp: timestampOf(time) }))
  }

  /** The instance may not run the job. What may pass by itself is tried again with the next invocation, and no end. */
  refused(error: unknown): void {
    if (!(error instanceof MillraceError) || error.kind === 'wait') return
    const { id, runId } = this.#teller
    const told = { id, runId, exception: error.message, errorClassOnException: error.code }
    this.#notifier.tell('onQueryTerminated', (one) => one.onQueryTerminated?.(told))
  }

  /** The instance ends, and has been told so. */
  ended(): void {
    const { id, runId } = this.#teller
    this.#notifier.tell('onQueryTerminated', (one) => one.onQueryTerminated?.({ id, runId }))
  }

  closing({ closedUntil, closed, started, readers }: Closing): void {
    const inputs = readers.map((reader) => ({ task: reader.task, byTime: reader.inputs() }))
    const byTime = closed.map((time) => {
      const own = inputs.flatMap(({ task, byTime: found }): Read[] => {
        const input = found.get(time)
        return input ? [{ task, ...input }] : []
      })
      return { time, own, since: earliest(own.map(({ since }) => since)) }
    })
    const since = earliest(byTime.map((batch) => batch.since))
    const committed = this.#environment.clock.now()
    this.#pending = { closedUntil, started, committed, since: Number.isFinite(since) ? since : 0, batches: [] }
    for (const { time, own, since: first } of byTime) this.#submit(this.#pending, time, this.#inputsOf(own), first)
  }

  /** The batches that were run in buckets, also those at which something was due without data. */
  ran(times: Iterable<number>, closedUntil: number): void {
    const pending = this.#pending
    if (pending?.closedUntil !== closedUntil) return
    const known = new Set(pending.batches.map(({ time }) => time))
    const others = [...times].filter((time) => !known.has(time))
    for (const time of others.sort((a, b) => a - b)) this.#submit(pending, time, [], pending.since)
  }

  /** All that an entry of the closing log has promised is done. */
  published(closedUntil: number): void {
    const pending = this.#pending
    if (pending?.closedUntil !== closedUntil) return
    this.#pending = undefined
    const completed = this.#environment.clock.now()
    const { batch } = this.#plan.job.settings
    for (const closed of [...pending.batches].sort((a, b) => a.time - b.time)) {
      for (const output of outputInfos(closed, { completed }))
        this.#notifier.tell('onOutputOperationCompleted', (one) => one.onOutputOperationCompleted?.(output))
      const info = batchInfo(closed, { completed })
      this.#notifier.tell('onBatchCompleted', (one) => one.onBatchCompleted?.(info))
      const progress = progressOf(this.#teller, closed, completed, batch)
      this.#notifier.tell('onQueryProgress', (one) => one.onQueryProgress?.(progress))
    }
  }

  /** @param atRest nothing is left to do at any time. */
  idle(atRest: boolean): void {
    const time = this.#environment.clock.now()
    const { id, runId } = this.#teller
    this.#notifier.tell('onQueryIdle', (one) => one.onQueryIdle?.({ id, runId, timestamp: timestampOf(time) }))
    if (atRest) this.#notifier.tell('onApplicationEnd', (one) => one.onApplicationEnd?.({ time }))
  }

  /** For the end of an invocation. */
  settle(): Promise<void> {
    return this.#notifier.settle()
  }

  #submit(pending: Pending, time: number, inputs: readonly Input[], since: number): void {
    const { started, committed } = pending
    const outputs = this.#plan.outputs.flatMap(({ id: name, slide, stage }, id) =>
      time % slide === 0 ? [{ id, name, description: `${name} of stage ${stage}` }] : [],
    )
    const submitted = Math.min(started, Math.max(time, Number.isFinite(since) ? since : time))
    const batch: ClosedBatch = { time, inputs, outputs, submitted, started, committed }
    pending.batches = [...pending.batches, batch]
    const tell = (reached: Reached, event: 'onBatchSubmitted' | 'onBatchStarted'): void => {
      const info = batchInfo(batch, reached)
      this.#notifier.tell(event, (one) => one[event]?.(info))
    }
    tell('submitted', 'onBatchSubmitted')
    tell('started', 'onBatchStarted')
    for (const output of outputInfos(batch, 'started'))
      this.#notifier.tell('onOutputOperationStarted', (one) => one.onOutputOperationStarted?.(output))
  }

  /** By topic, what its tasks have read. */
  #inputsOf(reads: readonly Read[]): Input[] {
    return [...this.#plan.programs].flatMap(([feed, { sources }], id): Input[] => {
      const kind = kindOf(sources)
      const own = reads.filter(({ task, read }) => read.length > 0 && kind.feedOf(task) === feed)
      if (own.length === 0) return []
      const offsets = own.flatMap(({ task, read }) => {
        const [first, last] = [read[0]?.[2], read.at(-1)?.[3]]
        if (first === undefined || last === undefined) return []
        return kind.rangeOf?.(task, first, last) ?? []
      })
      const records = own.flatMap(({ read }) => read).reduce((sum, [, count]) => sum + count, 0)
      return [{ id, description: `${kind.name}[${feed}]`, records, offsets }]
    })
  }
}
