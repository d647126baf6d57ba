// A deployed job: what it reads reaches its function by event source mappings, which are disabled and enabled again. Nothing runs that could
// do so by itself, so each look does the next step towards what is wanted: asked again after an end in between, it goes on where it was.

import { LambdaClient } from '@aws-sdk/client-lambda'
import { RefusedError } from '../../errors/cli-errors.ts'
import { applicationId } from '../../names/applications.ts'
import { type KnownControl, readControl } from '../../runtime/control-row.ts'
import { isAsked } from '../../runtime/drain.ts'
import { type JobStatus, statusOf } from '../../runtime/status.ts'
import { awsClientSettings } from '../../stores/aws-client.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'
import type { Door, Standing } from './door.ts'
import { type DeployedFunction, LambdaCalls, type Mapping } from './lambda-calls.ts'
import { pauseJob, resumeJob, startJob, stopJob } from './requests.ts'

export interface DeployedPlace {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly bucket: string
}

/** An invocation that commits nothing for so long, and is not in trouble, is over. */
const QUIET_MS = 5000

const STATES = { on: 'Enabled', off: 'Disabled' } as const

/** As long as a function may run: a drain waits for its answer. */
const LONGEST_CALL_MS = 910_000

export function deployedDoorOf(job: string, place: DeployedPlace, functionName: string): DeployedDoor {
  const client = new LambdaClient(awsClientSettings({}, { requestTimeout: LONGEST_CALL_MS }))
  return new DeployedDoor(job, place, new LambdaCalls(client, functionName))
}

export class DeployedDoor implements Door {
  readonly job: string
  readonly #place: DeployedPlace
  readonly #lambda: LambdaCalls
  readonly #quietMs: number
  /** When the mappings were first seen to be disabled. */
  #disabledAt: number | undefined
  #error: string | undefined
  /** A wake-up may have been given up by the queue while the job stood still. */
  #owesWakeUp = false

  constructor(job: string, place: DeployedPlace, lambda: LambdaCalls, quietMs = QUIET_MS) {
    this.job = job
    this.#place = place
    this.#lambda = lambda
    this.#quietMs = quietMs
  }

  /** Whether there is such a function, with mappings. @throws ServiceError */
  async isThere(): Promise<boolean> {
    const { variables } = await this.#lambda.function()
    return (await this.#lambda.mappings(variables.MILLRACE_WAKE_QUEUE_URL)).length > 0
  }

  async pause(): Promise<void> {
    await pauseJob(this.#place.table, this.job)
  }

  async resume(): Promise<void> {
    await resumeJob(this.#place.table, this.job)
    this.#owesWakeUp = true
  }

  async start(options: Parameters<Door['start']>[0]): Promise<void> {
    if (options.parameters.size > 0) this.#checkUnversioned()
    await startJob(this.#place.table, this.job, { ...options, keep: true })
    this.#owesWakeUp = true
  }

  async stop(drain: boolean): Promise<void> {
    await stopJob(this.#place.table, this.job, drain)
  }

  async look(): Promise<Standing> {
    const control = await readControl(this.#place.table, this.job)
    const found = await this.#lambda.function()
    const mappings = await this.#lambda.mappings(found.variables.MILLRACE_WAKE_QUEUE_URL)
    const phase = mappings.length === 0 ? undefined : await this.#step(control, found, mappings)
    const { wanted, attempt } = control
    const drain = (await readControl(this.#place.table, this.job)).drain
    return {
      job: this.job,
      application: applicationId({ job: this.job, attempt }),
      wanted,
      over: phase === undefined,
      there: mappings.length > 0,
      phase: phase ?? (wanted === 'stopped' && drain ? 'drained and stopped: nothing waits' : wanted),
      ...(this.#error !== undefined && { error: this.#error }),
      ...(drain?.until !== undefined && { drainedUntil: drain.until }),
      processes: mappings.map(({ reads, state }) => ({ name: reads, phase: state, inFlight: 0 })),
    }
  }

  /** The next step; undefined: all is as it is wanted. */
  async #step(
    control: KnownControl,
    found: DeployedFunction,
    mappings: readonly Mapping[],
  ): Promise<string | undefined> {
    const { wanted } = control
    const intake = mappings.filter(({ wakes }) => !wakes)
    const wakes = mappings.filter((one) => one.wakes)
    if (wanted === 'running') {
      this.#disabledAt = undefined
      return (
        (await this.#setVariables(control, found)) ?? (await this.#turn([...wakes, ...intake], 'on')) ?? this.#wake()
      )
    }
    const ending = await this.#turn(intake, 'off')
    if (ending) return ending
    this.#disabledAt ??= Date.now()
    if (wanted === 'paused') return this.#turn(wakes, 'on')
    if (!(await this.#isQuiet(found))) return 'finishing what is under way'
    if (isAsked(control)) {
      this.#error = await this.#lambda.drain(this.job)
      // A drain takes minutes: somebody may have started the job meanwhile, or have asked for another one.
      const now = await readControl(this.#place.table, this.job)
      const isOfThis = now.wanted === wanted && now.since === control.since
      if (!isOfThis || isAsked(now)) return 'draining: windows are being closed'
    }
    return this.#turn(wakes, 'off')
  }

  async #turn(mappings: readonly Mapping[], to: keyof typeof STATES): Promise<string | undefined> {
    const others = mappings.filter(({ state }) => state !== STATES[to])
    // While it changes, Lambda takes no other change of it (ResourceInUseException).
    const ready = others.filter(({ state }) => state === STATES[to === 'on' ? 'off' : 'on'])
    for (const mapping of ready) await this.#lambda.enable(mapping, to === 'on')
    if (others.length === 0) return undefined
    return `${to === 'on' ? 'enabling' : 'disabling'} ${others.map(({ reads, state }) => `${reads} (${state})`).join(', ')}`
  }

  /** What is under way commits within seconds, or has a row that says that it takes long; or the function's timeout has ended it. */
  async #isQuiet({ timeout }: DeployedFunction): Promise<boolean> {
    const now = Date.now()
    const since = now - (this.#disabledAt ?? now)
    if (since > timeout * 1000 + this.#quietMs) return true
    if (since < this.#quietMs) return false
    const status = await statusOf(this.job, this.#place, now)
    return !status || isQuiet(status, now, this.#quietMs)
  }

  async #setVariables({ parameters }: KnownControl, found: DeployedFunction): Promise<string | undefined> {
    if (found.changing) return 'the function is being changed'
    const wanted = Object.fromEntries(parameters)
    if (parameters.every(([name, value]) => found.variables[name] === value)) return undefined
    await this.#lambda.setVariables({ ...found.variables, ...wanted }, found.revision)
    return 'giving the function its parameters'
  }

  async #wake(): Promise<undefined> {
    if (this.#owesWakeUp) await this.#lambda.wake(this.job, Date.now())
    this.#owesWakeUp = false
  }

  /** Variables of a published version are fixed. */
  #checkUnversioned(): void {
    const { functionName } = this.#lambda
    const parts = functionName.startsWith('arn:') ? functionName.split(':').slice(6) : functionName.split(':')
    if (parts.length > 1)
      throw new RefusedError(
        `${functionName} is a version or an alias of a function, whose variables cannot be changed: deploy it with them.`,
      )
  }
}

function isQuiet({ sources }: JobStatus, now: number, quietMs: number): boolean {
  // The commits of a drain are ahead of the clock.
  const isOver = (at: number): boolean => at > now + quietMs || now - at >= quietMs
  return sources.every(({ committedAt, trouble }) => !trouble && isOver(committedAt))
}
