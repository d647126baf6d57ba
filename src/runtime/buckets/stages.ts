// The shuffle stages of a job: when the closing task has committed that batches are closed, their buckets run them, stage
// after stage, and then what completes their outputs follows. Everything here may be done again by anybody: each bucket's log says
// how far it is.

import type { JobSettings } from '../../graph/job.ts'
import type { CloseCommit } from '../../log/commit-record.ts'
import { bucketTask, SOURCE_STAGE } from '../../names/tasks.ts'
import type { BatchOperator } from '../../operators/operator.ts'
import type { ShuffleStage } from '../../plan/plan.ts'
import type { LogReader } from '../closing/log-reader.ts'
import type { Environment } from '../environment.ts'
import { Contributions } from '../held.ts'
import { type Publisher, redo } from '../outbox.ts'
import { completeBatch } from '../outputs.ts'
import type { Plans } from '../plans.ts'
import { rangesIn } from '../ranges.ts'
import { SideBySide } from '../side-by-side/asking.ts'
import type { Share } from '../side-by-side/share.ts'
import { foreignIn, judgeNow, type Lacking, together } from '../whole.ts'
import { BucketTask } from './bucket-task.ts'
import { GoneStages } from './gone-stages.ts'
import { stageInput } from './stage-input.ts'
import { WaitingBatches } from './waiting-batches.ts'

export interface StagesParts {
  readonly job: string
  readonly settings: JobSettings
  readonly stages: readonly ShuffleStage[]
  readonly environment: Environment
  readonly publisher: Publisher
  readonly plans: Plans
}

/** What is done with batches after their commit, and where they wait. */
export interface AfterCommit {
  /** Of the operator. */
  readonly id: string
  readonly batches: WaitingBatches
  readonly run: NonNullable<BatchOperator['afterCommit']>
}

export class Stages {
  readonly #parts: StagesParts
  readonly #buckets: ReadonlyMap<ShuffleStage, readonly BucketTask[]>
  readonly #sideBySide: SideBySide
  readonly #gone: GoneStages

  constructor(parts: StagesParts) {
    this.#parts = parts
    const { job, settings, environment, publisher, plans } = parts
    this.#sideBySide = new SideBySide(parts)
    this.#gone = new GoneStages(plans, settings, publisher)
    this.#buckets = new Map(
      parts.stages.map((stage) => [
        stage,
        Array.from({ length: stage.numPartitions }, (_, bucket) => {
          const ref = bucketTask(job, stage.id, bucket)
          return new BucketTask({ ref, bucket, stage, settings, environment, publisher, plans })
        }),
      ]),
    )
  }

  get any(): boolean {
    return this.#parts.stages.length > 0
  }

  /** When something has to be run although no data may come; buckets must be loaded. */
  get due(): number[] {
    return this.#all.flatMap((bucket) => bucket.due ?? [])
  }

  /** Where something is done with batches after their commit: a bucket each. */
  get afterCommits(): readonly AfterCommit[] {
    return [...this.#buckets].flatMap(([{ id, steps }, [bucket]]) =>
      steps.flatMap(({ node: { operator } }) => {
        const run = operator.runs === 'on batches' ? operator.afterCommit : undefined
        return run && bucket ? [{ id, batches: new WaitingBatches(bucket, this.#parts), run }] : []
      }),
    )
  }

  load(): Promise<unknown> {
    return Promise.all(this.#all.map((bucket) => bucket.load()))
  }

  /** Up to which version the buckets' logs are known to go, by stage that has been born. */
  get versions(): CloseCommit['buckets'] {
    const own = [...this.#buckets].flatMap(([{ id }, buckets]): CloseCommit['buckets'] => {
      const versions = buckets.map(({ version }) => version)
      return versions.includes(0) ? [] : [[id, versions]]
    })
    return [...own, ...this.#gone.versions]
  }

  /** Takes note of such versions, of stages that this code does not have as well. */
  expect(versions: CloseCommit['buckets']): void {
    const known = new Map(versions)
    for (const [{ id }, buckets] of this.#buckets) {
      for (const [i, bucket] of buckets.entries()) bucket.expect(known.get(id)?.[i] ?? 0)
      known.delete(id)
    }
    this.#gone.expect([...known])
  }

  /** Logs of buckets begin before the first closing that could give them anything; the closing says so (I7). */
  beBorn(): Promise<unknown> {
    return Promise.all(this.#all.map((bucket) => bucket.beBorn()))
  }

  /** Another instance has closed batches, so buckets may not be where memory says. */
  doubt(): void {
    for (const bucket of this.#all) bucket.doubt()
  }

  /** Keeps the state of stages that this code does not have. */
  keepGone(closedUntil: number): Promise<void> {
    return this.#gone.keep(closedUntil)
  }

  /** True when every bucket's log ends in an entry that does not expire. */
  async seal(closedUntil: number): Promise<boolean> {
    return !(await Promise.all(this.#all.map((bucket) => bucket.seal(closedUntil)))).includes(false)
  }

  /**
   * Brings all buckets up to `closedUntil` and publishes what hangs on the batch as a whole.
   *
   * @param after batches up to here were done before.
   * @returns the batch times that were run.
   */
  async run(readers: readonly LogReader[], after: number, closedUntil: number): Promise<ReadonlySet<number>> {
    const open = readers.flatMap(({ openTimes }) => openTimes)
    const touched = new Set(open.filter((time) => time > after && time <= closedUntil))
    const done = new Map([[SOURCE_STAGE, contributionsOf(readers, [...touched])]])
    const { plans } = this.#parts
    let lacking = await judgeNow(
      plans,
      foreignIn(readers, plans, (time) => touched.has(time)),
      closedUntil,
    )
    const rangesOf = rangesIn(readers, plans.kinds)
    const apart = new Set<number>()
    for (const [stage, buckets] of this.#buckets) {
      const input = stageInput(stage, done, touched, after, closedUntil, rangesOf, apart)
      await this.#sideBySide.run(stage, buckets, input)
      const results = resultsOf(buckets, after, closedUntil)
      done.set(stage.id, results)
      for (const { time } of results.parts.flat()) touched.add(time)
      const foreign = buckets.flatMap((bucket) => bucket.foreignIn(after, closedUntil))
      for (const { partial } of foreign) apart.add(partial.time)
      lacking = together(lacking, await judgeNow(plans, foreign, closedUntil))
      // Otherwise another instance has done all this before, or the bucket would not have gone on.
      if (buckets.every((bucket) => bucket.remembers(after, closedUntil))) await this.#finish(stage, results, lacking)
    }
    return touched
  }

  /** Whether the buckets of a share have nothing to run any more, or are not this job's. */
  async isDone({ stage, buckets, closedUntil }: Share): Promise<boolean> {
    const mine = this.#find(stage, buckets)
    for (const bucket of mine) bucket.doubt()
    await Promise.all(mine.map((bucket) => bucket.load()))
    return mine.every((bucket) => bucket.isDone(closedUntil))
  }

  /** Whether anything comes to a stage right from source tasks. */
  readsSources(stage: string): boolean {
    return this.#parts.stages.some(
      ({ id, inputs }) => id === stage && inputs.some(({ edge }) => edge.from === SOURCE_STAGE),
    )
  }

  /**
   * Runs buckets for another instance, which waits for their logs to say that they are done.
   *
   * @param readers the source tasks' logs, if the stage reads them, with all that the closing covers
   * @param after as in `run`; stages before this one are done.
   */
  async help(share: Share, readers: readonly LogReader[], after: number): Promise<void> {
    const { closedUntil } = share
    const times = new Set(share.times)
    const rangesOf = rangesIn(readers, this.#parts.plans.kinds)
    const done = new Map([[SOURCE_STAGE, contributionsOf(readers, share.times)]])
    for (const [stage, buckets] of this.#buckets) {
      if (stage.id === share.stage) {
        const input = stageInput(stage, done, times, after, closedUntil, rangesOf)
        await Promise.all(this.#find(stage.id, share.buckets).map((bucket) => bucket.advance(input)))
        return
      }
      if (!stage.edges.some(({ edge }) => edge.to === share.stage)) continue
      for (const bucket of buckets) bucket.doubt()
      await Promise.all(buckets.map((bucket) => bucket.load()))
      done.set(stage.id, resultsOf(buckets, after, closedUntil))
    }
  }

  #find(stage: string, which: readonly number[]): BucketTask[] {
    const buckets = [...this.#buckets].find(([{ id }]) => id === stage)?.[1] ?? []
    return which.flatMap((bucket) => buckets[bucket] ?? [])
  }

  /** Completes the stage's outputs, after every part of them. Not kept anywhere: whoever comes again does it again. */
  async #finish(stage: ShuffleStage, results: Contributions, lacking: Lacking): Promise<void> {
    const { publisher } = this.#parts
    const outputs = stage.outputs.map(({ output }) => output)
    const byTime = Map.groupBy(results.parts.flat(), ({ time }) => time)
    for (const [time, parts] of [...byTime].sort(([a], [b]) => a - b)) {
      for (const effect of completeBatch(outputs, time, () => parts, lacking)) await redo(publisher, effect)
    }
  }

  get #all(): BucketTask[] {
    return [...this.#buckets.values()].flat()
  }
}

/** What buckets did in (after, until]. */
function resultsOf(buckets: readonly BucketTask[], after: number, until: number): Contributions {
  return new Contributions(buckets.map(({ parts }) => parts.filter(({ time }) => time > after && time <= until)))
}

function contributionsOf(readers: readonly LogReader[], times: readonly number[]): Contributions {
  return new Contributions(readers.map((reader) => times.flatMap((time) => reader.partsOf(time))))
}
