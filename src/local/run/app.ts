// A run's life, as Spark's StreamingContext has it: started once, stopped once, and whoever awaits its end is told of what went wrong
// (StreamingContext.scala, ContextWaiter.scala).

import { AlreadyStoppedError } from '../../errors/run-errors.ts'
import { type Duration, toMillis } from '../../options/duration.ts'
import type { Log } from '../../runtime/environment.ts'

/** Where a run stands: Spark's `StreamingContextState`. */
export type RunState = 'INITIALIZED' | 'ACTIVE' | 'STOPPED'

/** How a run is stopped. */
export interface StopOptions {
  /**
   * Whether what is under way is finished first: it commits and publishes, and the other processes of the job get its partitions at
   * once. Without it nobody waits: other processes get the partitions when the consumer group misses this one, as after a crash. An
   * invocation under way cannot be ended from within its process, so it may still commit, or fail, by itself; the next run goes on
   * after whatever is committed. It also ends a graceful stop that hangs. Default true (Spark's is false).
   */
  readonly graceful?: boolean
}

/** What is being run. */
export interface Engine {
  /** Finishes what is under way. */
  stop(): Promise<void>
  /** Does not wait for it, also while `stop` does. */
  kill(): Promise<void>
  readonly progress: RunProgress
}

/** Counters since the start of a run, of this process. */
export interface RunProgress {
  /** Invocations of the job with records, each a micro-batch of every partition that it has. */
  readonly invocations: number
  /** Records of those that succeeded. */
  readonly records: number
  /** Invocations that failed; their records come again. */
  readonly failures: number
  /** Invocations under way. */
  readonly inFlight: number
  /** Partitions that this process reads, of those that all processes of the job share. */
  readonly partitions: readonly string[]
}

/** A job that is run in this process, with the life of Spark's `StreamingContext`. */
export interface App {
  /** The job's name. */
  readonly name: string
  /** `INITIALIZED` before its start, `ACTIVE`, and `STOPPED` for good. */
  readonly state: RunState
  /** Counters of this process; all zero while nothing runs. */
  readonly progress: RunProgress
  /**
   * Starts a run that {@link run} was told not to start. One that is active is left alone, with a warning.
   *
   * @throws AlreadyStoppedError when it was stopped; and whatever starting meets: then it is stopped as well.
   * @example
   * import { run } from 'millrace/run'
   *
   * const app = await run(hotWords, { start: false })
   * await app.start()
   */
  start(): Promise<void>
  /**
   * Waits for the end, or for an error that does not pass by itself: of the job, its state, or what is around it. The error
   * ends nothing: records are delivered again until {@link App.stop}.
   *
   * @param timeout how long to wait at most; default: for ever. Spark's `awaitTerminationOrTimeout`.
   * @returns true when it was stopped, false when the time was over before.
   * @throws the first such error, now and whenever it is called again.
   * @example
   * import { run } from 'millrace/run'
   *
   * const app = await run(hotWords)
   * while (!(await app.awaitTermination('10s'))) console.log(app.progress.records)
   */
  awaitTermination(timeout?: Duration): Promise<boolean>
  /**
   * Stops for good. A run that was never started, or is stopped, gets a warning.
   *
   * @example
   * import { run } from 'millrace/run'
   *
   * const app = await run(hotWords)
   * await app.stop({ graceful: true })
   */
  stop(options?: StopOptions): Promise<void>
}

const NOTHING: RunProgress = { invocations: 0, records: 0, failures: 0, inFlight: 0, partitions: [] }

export interface RunningOptions {
  readonly name: string
  readonly log: Log
  /** Starts it; `failed` is for errors that somebody has to see. */
  readonly open: (failed: (error: unknown) => void) => Promise<Engine>
  /** Signals stop it: the first gracefully, the next one at once. */
  readonly signals: boolean
  /** It was stopped before it was started, or could not start. */
  readonly dropped?: () => void
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** 128 and the number of the signal, as a shell has it. */
const KILLED = { SIGTERM: 143, SIGINT: 130 } as const

export class Running implements App {
  readonly name: string
  readonly #options: RunningOptions
  readonly #ended = Promise.withResolvers<void>()
  readonly #onSignal = (signal: (typeof SIGNALS)[number]): void => this.#signalled(signal)
  #state: RunState = 'INITIALIZED'
  #signal: (typeof SIGNALS)[number] | undefined
  #engine: Engine | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #dropping: Promise<void> | undefined
  /** Whoever waits for a graceful end need not any more. */
  readonly #dropped = Promise.withResolvers<void>()
  #error: { readonly error: unknown } | undefined

  constructor(options: RunningOptions) {
    this.#options = options
    this.name = options.name
  }

  get state(): RunState {
    return this.#state
  }

  get progress(): RunProgress {
    return this.#engine?.progress ?? NOTHING
  }

  async start(): Promise<void> {
    if (this.#state === 'STOPPED' || this.#stopping) throw new AlreadyStoppedError(this.name)
    if (this.#starting) this.#warn('has already been started')
    this.#starting ??= this.#start()
    await this.#starting
  }

  async awaitTermination(timeout?: Duration): Promise<boolean> {
    const milliseconds = timeout === undefined ? undefined : toMillis('awaitTermination, timeout', timeout)
    if (!this.#error && this.#state !== 'STOPPED') {
      const over = Promise.withResolvers<void>()
      const timer = milliseconds === undefined ? undefined : setTimeout(over.resolve, milliseconds)
      await Promise.race([this.#ended.promise, over.promise])
      clearTimeout(timer)
    }
    if (this.#error) throw this.#error.error
    return this.#state === 'STOPPED'
  }

  async stop({ graceful = true }: StopOptions = {}): Promise<void> {
    if (this.#state === 'INITIALIZED' && !this.#starting) this.#warn('has not been started yet')
    else if (this.#state === 'STOPPED') this.#warn('has already been stopped')
    const another = this.#stopping !== undefined
    this.#stopping ??= this.#stop(graceful)
    if (another && !graceful && this.#state !== 'STOPPED')
      this.#dropping ??= this.#stop(false).finally(() => this.#dropped.resolve())
    await (this.#dropping ?? Promise.race([this.#stopping, this.#dropped.promise]))
  }

  async #start(): Promise<void> {
    const { open, signals, log } = this.#options
    if (signals) for (const signal of SIGNALS) process.on(signal, this.#onSignal)
    try {
      this.#engine = await open((error) => this.#failed(error))
      this.#state = 'ACTIVE'
      log.info({ job: this.name }, 'started')
    } catch (error) {
      this.#options.dropped?.()
      this.#end()
      throw error
    }
  }

  async #stop(graceful: boolean): Promise<void> {
    await this.#starting?.catch(() => undefined)
    if (!this.#starting) this.#options.dropped?.()
    const { inFlight, partitions } = this.progress
    const began = performance.now()
    if (this.#engine)
      this.#options.log.info(
        { job: this.name, ...(this.#signal && { signal: this.#signal }), graceful, inFlight, partitions },
        graceful
          ? `stopping: what is under way is finished${this.#signal ? '; again to stop at once' : ''}`
          : 'stopping at once',
      )
    const before = this.#counted()
    try {
      await (graceful ? this.#engine?.stop() : this.#engine?.kill())
    } finally {
      const now = this.#counted()
      const finished = { invocations: now.invocations - before.invocations, records: now.records - before.records }
      const milliseconds = Math.round(performance.now() - began)
      if (this.#engine) this.#options.log.info({ job: this.name, graceful, ...now, finished, milliseconds }, 'stopped')
      this.#end()
    }
  }

  #counted(): Pick<RunProgress, 'invocations' | 'records' | 'failures'> {
    const { invocations, records, failures } = this.progress
    return { invocations, records, failures }
  }

  #end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
    this.#state = 'STOPPED'
    this.#ended.resolve()
  }

  #failed(error: unknown): void {
    this.#error ??= { error }
    this.#ended.resolve()
  }

  #signalled(signal: (typeof SIGNALS)[number]): void {
    if (this.#stopping) process.exit(KILLED[signal])
    this.#signal = signal
    this.stop({ graceful: true }).catch((error: unknown) => this.#failed(error))
  }

  #warn(what: string): void {
    this.#options.log.warn({ job: this.name }, `job ${this.name} ${what}`)
  }
}
