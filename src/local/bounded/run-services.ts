// What a bounded run is to the runtime: a clock that it moves, wake-ups that it keeps until then, and who may call functions of the job.

import type { JobDefinition, JobSettings } from '../../graph/job.ts'
import { rewired } from '../../graph/rewire.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { BoundedPartition } from './bounded-partition.ts'

/** What a run gets from outside. */
export type OuterServices = Pick<
  Environment,
  'table' | 'objects' | 'bucket' | 'log' | 'print' | 'owner' | 'instance' | 'code'
>

interface Armed {
  readonly at: number
  readonly turn: number
}

export class RunServices {
  /** Partitions of which more will come. */
  readonly live = new Set<string>()
  /** There are no more records. */
  dataIsOver = false
  /** Calls that were left out. */
  withoutEffect = 0
  /** What a function of `foreachRDD` has thrown that was tried most often, unless it has done better since. */
  failed: { readonly output: string; readonly attempt: number; readonly error: unknown } | undefined
  readonly #effects: boolean
  #armed: Armed[] = []
  #now = 0

  constructor(effects: boolean) {
    this.#effects = effects
  }

  get now(): number {
    return this.#now
  }

  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time)
  }

  /** When the next wake-up is due. */
  get next(): number | undefined {
    return this.#armed.length === 0 ? undefined : this.#armed.reduce((least, { at }) => Math.min(least, at), Infinity)
  }

  /** Of the wake-ups that are due, the latest: it does for all. */
  takeDue(): Armed | undefined {
    const due = this.#armed.filter(({ at }) => at <= this.#now)
    this.#armed = this.#armed.filter(({ at }) => at > this.#now)
    return due.reduce<Armed | undefined>((latest, one) => (latest && latest.at >= one.at ? latest : one), undefined)
  }

  environment(outer: OuterServices, partitions: readonly BoundedPartition[]): Environment {
    const counts = new Map<string, number>()
    for (const { topic, partition } of partitions) counts.set(topic, Math.max(counts.get(topic) ?? 0, partition + 1))
    return {
      ...outer,
      clock: { now: () => this.#now },
      waker: { arm: async (_job, at, turn) => void this.#armed.push({ at, turn }) },
      partitions: counts,
      trustExpired: Number.POSITIVE_INFINITY, // nothing of this table is ever deleted
      ended: (task) => !this.live.has(task),
      afterCommit: async ({ output, attempt }, work) => {
        if (!this.#effects) {
          this.withoutEffect++
          return
        }
        try {
          await work()
          if (this.failed?.output === output) this.failed = undefined
        } catch (error) {
          if (attempt >= (this.failed?.attempt ?? 0)) this.failed = { output, attempt, error }
          throw error
        }
      },
    }
  }

  /** The job with what is known here of its sources, and with or without effects. */
  jobOf(job: JobDefinition): JobDefinition {
    const isOver = (): boolean => this.dataIsOver
    const settings: JobSettings = {
      ...job.settings,
      // When a record came is what its time says.
      time: 'record',
      // Every interval runs while there is data. After it, time stands still where nothing is due: it would have no end.
      get idle() {
        return isOver() ? 'pause' : job.settings.idle
      },
    }
    const receive = (): void => void this.withoutEffect++
    return rewired(
      { ...job, settings },
      {
        // Where it begins the range says, and its positions are nobody's but its own. Every offset of the range was asked for, so what
        // did not come is not there: compacted, or a marker of a transaction.
        source: ({ mirrors: _, startsAt: __, ...source }) => ({
          ...source,
          ...('start' in source && { start: { kind: 'earliest' } }),
          ...('holes' in source && source.holes === 'none' && { holes: 'compacted' }),
        }),
        sink: (sink) => {
          if (this.#effects || !sink.receiver) return sink
          const { keepAfterFailure } = sink.receiver
          return { ...sink, receiver: { receive, keepAfterFailure } }
        },
      },
    )
  }
}
