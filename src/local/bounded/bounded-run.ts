// A job over a bounded range: the runtime of the handler, fed with everything there is between two ends, and brought back until it has
// nothing left to do. Time is the records': the clock of the run goes by the latest of them, a partition is silent when its range has
// ended and not before, and after the last record the clock goes from one thing that is due to the next.

import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../errors/errors.ts'
import { KINDS } from '../../errors/kinds.ts'
import type { JobDefinition, JobSettings } from '../../graph/job.ts'
import { partitionName } from '../../names/tasks.ts'
import { reachOf } from '../../plan/reach.ts'
import { JobRuntime } from '../../runtime/job-runtime.ts'
import { batchTimeOf, earliest, latest } from '../../runtime/time.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import type { Delivery } from '../../sources/source.ts'
import { goOn, type Span, spanOf } from './align.ts'
import type { BoundedPartition } from './bounded-partition.ts'
import { type OuterServices, RunServices } from './run-services.ts'

export interface BoundedRunOptions {
  readonly job: JobDefinition
  readonly partitions: readonly BoundedPartition[]
  readonly services: OuterServices
  /** Whether functions of `foreachRDD` and `foreachPartition` are called. */
  readonly effects: boolean
  readonly onProgress?: (progress: Progress) => void
  /** Stops between two rounds. */
  readonly signal: AbortSignal
}

export interface Progress {
  readonly records: number
  /** Partitions whose range has ended, and all. */
  readonly ended: number
  readonly partitions: number
  /** From 0 to 1. */
  readonly done: number
  /** All partitions have been read up to this time, milliseconds; undefined before the first record. */
  readonly until: number | undefined
}

export interface BoundedReport {
  readonly records: number
  /** Batch times that had records. */
  readonly batches: number
  /** Those of the first and the last of them, if there were any. */
  readonly first: number | undefined
  readonly last: number | undefined
  /** Records that came after their batch had passed in their partition, and so joined a later one. */
  readonly late: number
  /** Calls that were left out. */
  readonly withoutEffect: number
  /** It was stopped before the end. */
  readonly interrupted: boolean
}

/** What may pass by itself is tried again, after 0.2 s and twice as long each time: some six seconds in all. */
const TRIES = 6
const FIRST_PAUSE_MS = 200
/** A function of `foreachRDD` that fails waits twice as long each time as well, by the clock on the wall. */
const LONGEST_PAUSE_MS = 10_000

interface Reading {
  readonly partition: BoundedPartition
  readonly task: string
  since: number
  piece: Promise<readonly KafkaEventRecord[] | undefined>
}

interface Waiting extends Span {
  readonly reading: Reading
  readonly records: readonly KafkaEventRecord[]
}

/** Runs a job over everything that the partitions hand out. What was committed and published stays when it throws or is stopped. */
export async function runBounded(options: BoundedRunOptions): Promise<BoundedReport> {
  const run = new BoundedRun(options)
  try {
    return await run.run()
  } finally {
    await run.close()
  }
}

class BoundedRun {
  readonly #options: BoundedRunOptions
  readonly #services: RunServices
  readonly #runtime: JobRuntime
  readonly #settings: JobSettings
  readonly #stopped: Promise<undefined>
  readonly #times = new Set<number>()
  #records = 0
  #late = 0

  constructor(options: BoundedRunOptions) {
    this.#options = options
    const { partitions, services, signal } = options
    this.#services = new RunServices(options.effects)
    const job = this.#services.jobOf(options.job)
    this.#settings = job.settings
    this.#runtime = new JobRuntime(job, this.#services.environment(services, partitions))
    this.#stopped = new Promise((resolve) => {
      if (signal.aborted) resolve(undefined)
      else signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
  }

  async run(): Promise<BoundedReport> {
    const { partitions, signal } = this.#options
    let readings = partitions.map((partition): Reading => {
      const task = partitionName(partition.topic, partition.partition)
      return { partition, task, since: Number.NEGATIVE_INFINITY, piece: begun(partition) }
    })
    for (const { task } of readings) this.#services.live.add(task)
    while (readings.length > 0 && !signal.aborted) {
      const waiting = await this.#nextPieces(readings)
      if (!waiting) break
      readings = waiting.map(({ reading }) => reading)
      if (waiting.length > 0) await this.#invoke(goOn(waiting))
      this.#tell(waiting)
    }
    if (!signal.aborted) await this.#rest()
    return this.#report()
  }

  close(): Promise<void> {
    return this.#runtime.close()
  }

  /** What each partition hands out next; what has ended is silent from here on. Undefined: the run was stopped. */
  async #nextPieces(readings: readonly Reading[]): Promise<Waiting[] | undefined> {
    const pieces = await Promise.race([Promise.all(readings.map(({ piece }) => piece)), this.#stopped])
    return (
      pieces &&
      readings.flatMap((reading, i) => {
        const records = pieces[i]
        if (records) return { reading, records, ...spanOf(reading.since, timesOf(records)) }
        this.#services.live.delete(reading.task)
        return []
      })
    )
  }

  async #invoke(chosen: readonly Waiting[]): Promise<void> {
    // Never ahead of the clock on the wall: a time that nobody can go by is brought into range as ever.
    this.#services.moveTo(Math.min(Date.now(), latest(chosen.map(({ last }) => last))))
    const deliveries = chosen.map(({ reading, records }): Delivery => {
      return { feed: reading.partition.topic, task: reading.task, records }
    })
    for (const { reading, records, last } of chosen) {
      reading.piece = begun(reading.partition)
      this.#count(records, reading.since)
      reading.since = last
    }
    await this.#patiently(async () => {
      for (const { error } of await this.#runtime.process(deliveries)) if (error !== undefined) throw error
    })
    this.#throwFailed()
  }

  /** After the last record: until nothing is left to do. */
  async #rest(): Promise<void> {
    if (this.#times.size === 0) return
    const last = latest(this.#times)
    if (this.#settings.idle === 'run') {
      await this.#wakeAt(last)
      for (let i = 0; (this.#services.next ?? Infinity) <= last && i < TRIES; i++) await this.#wakeAt(last)
    }
    this.#services.dataIsOver = true
    await this.#wakeAt(last)
    const end = last + reachOf(this.#options.job) + this.#settings.batch + this.#settings.idleAfter
    for (let next = this.#services.next; next !== undefined && next <= end && !this.#options.signal.aborted; ) {
      const { failed } = this.#services
      if (failed) await sleep(Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (failed.attempt - 1)))
      await this.#wakeAt(next)
      this.#throwFailed()
      next = this.#services.next
    }
  }

  async #wakeAt(time: number): Promise<void> {
    const services = this.#services
    services.moveTo(time)
    const due = services.takeDue()
    await this.#patiently(() => this.#runtime.wake(due?.at ?? services.now, due?.turn))
  }

  async #patiently(work: () => Promise<void>): Promise<void> {
    const { signal, services } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        const mayPass = error instanceof MillraceError && KINDS[error.code] === 'wait'
        if (!mayPass || attempt >= TRIES || signal.aborted) throw error
        services.log.warn({ code: error.code, attempt }, `${error.message} It is tried again.`)
        await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
      }
    }
  }

  /** It stops its own output only; here somebody waits for the end. */
  #throwFailed(): void {
    const { failed } = this.#services
    if (failed && failed.attempt >= TRIES) throw failed.error
  }

  #count(records: readonly KafkaEventRecord[], since: number): void {
    const { batch } = this.#settings
    let frontier = Math.max(0, since)
    for (const { timestamp: said } of records) {
      const timestamp = Math.min(said, this.#services.now) // what lies ahead is brought into range
      if (timestamp < frontier && timestamp >= 0 && batchTimeOf(timestamp, batch) < batchTimeOf(frontier, batch))
        this.#late++
      frontier = Math.max(frontier, timestamp)
      this.#times.add(batchTimeOf(frontier, batch))
    }
    this.#records += records.length
  }

  #tell(waiting: readonly Waiting[]): void {
    const { partitions, onProgress } = this.#options
    onProgress?.({
      records: this.#records,
      ended: partitions.length - this.#services.live.size,
      partitions: partitions.length,
      done: partitions.reduce((sum, { done }) => sum + done, 0) / Math.max(1, partitions.length),
      until: waiting.length === 0 ? this.#bound(latest) : earliest(waiting.map(({ first }) => first)),
    })
  }

  #report(): BoundedReport {
    return {
      records: this.#records,
      batches: this.#times.size,
      first: this.#bound(earliest),
      last: this.#bound(latest),
      late: this.#late,
      withoutEffect: this.#services.withoutEffect,
      interrupted: this.#options.signal.aborted,
    }
  }

  #bound(of: (times: Iterable<number>) => number): number | undefined {
    return this.#times.size === 0 ? undefined : of(this.#times)
  }
}

/** A piece that is read while others are worked on; what goes wrong is told when somebody asks for it. */
function begun(partition: BoundedPartition): Reading['piece'] {
  const piece = partition.next()
  piece.catch(() => {})
  return piece
}

function* timesOf(records: readonly KafkaEventRecord[]): Iterable<number> {
  for (const { timestamp } of records) yield timestamp
}
