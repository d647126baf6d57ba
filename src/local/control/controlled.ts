// An engine that does what the job's row asks for, as long as its process is there: takes records in or not, wakes the job or not, closes
// everything that is open, and begins anew when parameters have changed. docs/decisions/080-stop-and-start.md has the rules.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { causeFacts, describeCause } from '../../errors/errors.ts'
import { type KnownControl, readControl } from '../../runtime/control-row.ts'
import { isAsked } from '../../runtime/drain.ts'
import type { Log } from '../../runtime/environment.ts'
import type { StateTable } from '../../stores/table.ts'
import type { Engine, RunProgress } from '../run/app.ts'
import { announce, forgetLongGone, type Phase, processesOf, RENEWED_EVERY_MS, sayGoodbye } from './processes.ts'
import { firstStart, sameParameters } from './requests.ts'

/** An engine whose parts can be turned on and off; both are off at first. */
export interface Runnable extends Engine {
  /** Off: what is under way is committed and published before this resolves. */
  intake(on: boolean): Promise<void>
  wakeUps(on: boolean): Promise<void>
  /** Asks the job to close everything that is open; whether it could be asked. */
  drain(): Promise<boolean>
}

export interface ControlledOptions {
  readonly job: string
  readonly table: StateTable
  readonly log: Log
  /** What becomes of a job that nobody has started yet; default `running`. */
  readonly first?: 'running' | 'stopped'
  /** Opens the engine with these environment variables of the job. */
  readonly open: (parameters: Readonly<Record<string, string>>) => Promise<Runnable>
  /** Lets go of what outlives engines. */
  readonly close: (graceful: boolean) => Promise<void>
}

/** How often the row is read; the watch of wake-ups reads one five times a second. */
const INTERVAL_MS = 500
/** After failures. */
const LONGEST_INTERVAL_MS = 10_000

const NOTHING: RunProgress = { invocations: 0, records: 0, failures: 0, inFlight: 0, partitions: [] }

/** @throws what opening meets; then nothing runs */
export async function startControlled(options: ControlledOptions): Promise<Engine> {
  const engine = new Controlled(options)
  try {
    await engine.start()
  } catch (error) {
    await engine.kill()
    throw error
  }
  return engine
}

class Controlled implements Engine {
  readonly #options: ControlledOptions
  readonly #instance = randomUUID()
  readonly #since = Date.now()
  readonly #stopping = new AbortController()
  #engine: Runnable | undefined
  /** Of engines before this one. */
  #before = NOTHING
  #parameters: KnownControl['parameters'] = []
  #obeys = -1
  #phase: Phase = 'starting'
  #error: string | undefined
  #announced = 0
  #failures = 0
  #told = ''
  #running: Promise<void> = Promise.resolve()

  constructor(options: ControlledOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { table, job, first = 'running' } = this.#options
    // Before the row is read: whoever drains waits for a process that may still begin to take records in.
    await this.#announce()
    await firstStart(table, job, first)
    await this.#obey(await readControl(table, job))
    await forgetLongGone(table, job)
    this.#running = Promise.all([this.#follow(), this.#renew()]).then(() => undefined)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    await this.#engine?.stop()
    await this.#goodbye(true)
  }

  async kill(): Promise<void> {
    this.#stopping.abort()
    await this.#engine?.kill()
    await this.#goodbye(false)
  }

  get progress(): RunProgress {
    const now = this.#engine?.progress ?? NOTHING
    const { invocations, records, failures } = this.#before
    return {
      ...now,
      invocations: now.invocations + invocations,
      records: now.records + records,
      failures: now.failures + failures,
    }
  }

  async #goodbye(graceful: boolean): Promise<void> {
    const { table, job, close } = this.#options
    const goodbye = sayGoodbye(table, job, this.#instance).catch(() => undefined) // without it, it counts as gone soon
    if (graceful) await goodbye
    await close(graceful)
  }

  async #follow(): Promise<void> {
    const { table, job } = this.#options
    while (!this.#stopping.signal.aborted) {
      try {
        const wanted = await readControl(table, job)
        if (wanted.rev !== this.#obeys) await this.#obey(wanted)
        else if (isAsked(wanted)) await this.#drain()
        this.#failures = 0
        this.#told = ''
      } catch (error) {
        this.#failures++
        this.#tell(error)
      }
      await this.#pause(Math.min(LONGEST_INTERVAL_MS, INTERVAL_MS * 2 ** this.#failures))
    }
  }

  /** What is under way may take longer than others wait for a sign of life. */
  async #renew(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (Date.now() - this.#announced >= RENEWED_EVERY_MS) await this.#announce().catch((error) => this.#tell(error))
      await this.#pause(INTERVAL_MS)
    }
  }

  async #obey(control: KnownControl): Promise<void> {
    const { wanted, drain, rev, parameters } = control
    const takesIn = wanted === 'running'
    try {
      if (this.#engine && takesIn && !sameParameters(parameters, this.#parameters)) await this.#close()
      const engine = this.#engine ?? (await this.#open(parameters))
      await engine.intake(takesIn)
      const over = wanted === 'stopped' && !isAsked(control)
      await engine.wakeUps(!over)
      this.#becomes(over ? 'stopped' : takesIn ? 'running' : 'paused', control)
    } catch (error) {
      this.#error = describeCause(error)
      this.#phase = 'failed'
      if (this.#obeys >= 0) await this.#announce()
      throw error
    }
    this.#obeys = rev
    await this.#announce()
    if (drain && !drain.done) this.#options.log.info({ job: this.#options.job }, 'paused, to be drained')
  }

  #becomes(phase: Phase, { attempt, since }: KnownControl): void {
    const { job, log } = this.#options
    this.#error = undefined
    if (phase !== this.#phase && !(phase === 'running' && this.#phase === 'starting'))
      log.info({ job, attempt, since: new Date(since).toISOString() }, saysOf(phase, job))
    this.#phase = phase
  }

  async #open(parameters: KnownControl['parameters']): Promise<Runnable> {
    const engine = await this.#options.open(Object.fromEntries(parameters))
    this.#engine = engine
    this.#parameters = parameters
    return engine
  }

  async #close(): Promise<void> {
    await this.#engine?.stop()
    this.#before = this.progress
    this.#engine = undefined
  }

  /** One of the processes, when none takes records in any more; the next one if it dies. */
  async #drain(): Promise<void> {
    const { table, job } = this.#options
    const alive = await processesOf(table, job)
    const stillTakesIn = alive.some(({ phase }) => phase === 'running' || phase === 'starting')
    if (stillTakesIn || alive[0]?.instance !== this.#instance) return
    if (!(await this.#engine?.drain())) throw new Error('the job could not be asked to close what is open')
  }

  async #announce(): Promise<void> {
    const { table, job } = this.#options
    this.#announced = Date.now()
    await announce(table, job, this.#instance, {
      host: hostname(),
      pid: process.pid,
      since: this.#since,
      seen: this.#announced,
      obeys: Math.max(0, this.#obeys),
      phase: this.#phase,
      inFlight: this.progress.inFlight,
      ...(this.#error !== undefined && { error: this.#error }),
    })
  }

  #tell(error: unknown): void {
    const line = describeCause(error)
    if (line !== this.#told)
      this.#options.log.warn(
        { job: this.#options.job, ...causeFacts(error) },
        'cannot do what is wanted; it is tried again',
      )
    this.#told = line
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }
}

function saysOf(phase: Phase, job: string): string {
  if (phase === 'paused') return `paused: it takes nothing in; millrace resume ${job}`
  return phase === 'stopped' ? `stopped: this process waits; millrace start ${job}` : 'it takes records in'
}
