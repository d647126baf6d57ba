// What the commit logs of a job say, read as they grow: which objects have been promised, what is closed, and when a silent
// partition was moved on. Nothing that a reader sees may be missing here (I3).

import { definitionOf, type Job } from '../../src/graph/job.ts'
import { type Effect, isBucketCommit, isCloseCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { CLOSE_STAGE, SOURCE_STAGE, type TaskRef } from '../../src/names/tasks.ts'
import { planJob } from '../../src/plan/plan-job.ts'
import { isKafkaCommit, type KafkaCommit } from '../../src/sources/kafka/position.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { StateTable } from '../../src/stores/table.ts'

/** A partition's frontier was moved to `frontier` by somebody who waited for it, before the record at `offset`. */
export interface MovedOn {
  readonly offset: number
  readonly frontier: number
}

export interface CommitsOptions {
  readonly job: Job
  readonly partitions: ReadonlyMap<string, number>
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly bucket: string
}

export class Commits {
  /** Batches up to here are closed. */
  closedUntil = 0
  /** Entries of all logs. */
  entries = 0
  /** Commits with records. */
  batches = 0
  /** Objects that commits have promised. */
  readonly promised = new Set<string>()
  /** Records committed, by source task. */
  readonly records = new Map<string, number>()
  readonly movedOn = new Map<string, MovedOn[]>()
  readonly #tails: (() => Promise<void>)[]
  #reading: Promise<unknown> = Promise.resolve()

  constructor({ job, partitions, table, objects, bucket }: CommitsOptions) {
    const tail = <R>(ref: TaskRef, is: (value: unknown) => value is R, take: (record: R) => void) => {
      const log = new TaskLog(ref, table, objects, bucket, is)
      let version = 0
      return async () => {
        for (const entry of await log.read(version, true)) {
          version = entry.version
          this.entries++
          take(entry.record)
        }
      }
    }
    const plan = planJob(definitionOf('soak', job))
    const { name } = job
    const sources = [...partitions].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => `${topic}-${partition}`),
    )
    this.#tails = [
      ...sources.map((task) =>
        tail({ job: name, stage: SOURCE_STAGE, task }, isKafkaCommit, (record) => this.#takeSource(task, record)),
      ),
      tail({ job: name, stage: CLOSE_STAGE, task: '0' }, isCloseCommit, ({ closedUntil, outbox }) => {
        this.closedUntil = Math.max(this.closedUntil, closedUntil)
        this.#promise(outbox)
      }),
      ...plan.stages.flatMap(({ id, numPartitions }) =>
        Array.from({ length: numPartitions }, (_, bucketNumber) =>
          tail({ job: name, stage: id, task: String(bucketNumber) }, isBucketCommit, ({ outbox }) =>
            this.#promise(outbox),
          ),
        ),
      ),
    ]
  }

  get committed(): number {
    return [...this.records.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Reads what is new in all logs. */
  async refresh(): Promise<void> {
    // One after the other, or entries would be taken twice; all to their ends, also when one of them fails.
    const reading = this.#reading.then(() => Promise.allSettled(this.#tails.map((read) => read())))
    this.#reading = reading
    const failed = (await reading).find((tail) => tail.status === 'rejected')
    if (failed) throw failed.reason
  }

  #takeSource(task: string, { kind, position, frontier, totals, outbox }: KafkaCommit): void {
    if (kind === 'batch') this.batches++
    this.records.set(task, totals.records)
    if (kind === 'idle') {
      this.movedOn.set(task, [...(this.movedOn.get(task) ?? []), { offset: position?.until ?? 0, frontier }])
    }
    this.#promise(outbox)
  }

  #promise(outbox: readonly Effect[]): void {
    for (const effect of outbox) {
      if (effect.kind === 'put') this.promised.add(effect.ref.key)
      else if (effect.kind === 'complete') this.promised.add(effect.staged.ref.key)
    }
  }
}
