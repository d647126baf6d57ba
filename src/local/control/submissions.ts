// Jobs as submissions: each is of the list that was given at the start, and an id names one of its starts. What became of it stands in the
// job's table, so it can be asked for when its process is long gone.

import { RefusedError } from '../../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import { applicationId, applicationOf } from '../../names/applications.ts'
import { readControl } from '../../runtime/control-row.ts'
import type { StateTable } from '../../stores/table.ts'
import { attemptOf } from './attempts.ts'
import type { Door, Standing } from './door.ts'
import { checkParameter } from './parameters.ts'
import { type Answer, BadRequestError, type CreateSubmissionRequest, type DriverState } from './protocol.ts'

/** A job of the list. */
export interface ServedJob {
  readonly door: Door
  readonly table: StateTable
  /** Its door has nobody else that would go on: it is looked at until all is as it is wanted. */
  readonly driven: boolean
}

export interface SubmissionsOptions {
  readonly jobs: ReadonlyMap<string, ServedJob>
  /** Names of parameters that may be given. */
  readonly allowed: ReadonlySet<string>
  /** How a job is stopped when the request does not say. */
  readonly drain: boolean
  readonly version: string
  /** Looks at a job until all is as it is wanted. */
  readonly drive: (job: ServedJob) => void
}

/** Parameters among Spark's properties; the others are of a cluster that is not there. */
const PARAMETER = 'spark.millrace.'
const DIGITS = 15

export class Submissions {
  readonly #options: SubmissionsOptions

  constructor(options: SubmissionsOptions) {
    this.#options = options
  }

  /** @throws BadRequestError */
  async create(request: CreateSubmissionRequest): Promise<Answer> {
    const job = this.#jobOf(request)
    if (typeof job === 'string') return this.#answer('CreateSubmissionResponse', { success: false, message: job })
    const parameters = this.#parametersOf(request)
    const { unknownFields } = request
    const told = unknownFields.length > 0 ? { unknownFields } : {}
    const before = await readControl(job.table, job.door.job)
    if (before.rev > 0 && before.wanted !== 'stopped') {
      const message = `Job ${job.door.job} is ${before.wanted} already, as ${applicationId({ job: job.door.job, attempt: before.attempt })}.`
      return this.#answer('CreateSubmissionResponse', { success: false, message, ...told })
    }
    try {
      await job.door.start({ parameters, keep: false })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      return this.#answer('CreateSubmissionResponse', { success: false, message: error.message, ...told })
    }
    if (job.driven) this.#options.drive(job)
    const { attempt } = await readControl(job.table, job.door.job)
    const submissionId = applicationId({ job: job.door.job, attempt })
    return this.#answer('CreateSubmissionResponse', {
      success: true,
      submissionId,
      message: `Driver successfully submitted as ${submissionId}`,
      ...told,
    })
  }

  async status(submissionId: string): Promise<Answer> {
    const found = await this.#find(submissionId)
    const state = found && (await this.#stateOf(found.job, found.attempt, found.current))
    return this.#answer('SubmissionStatusResponse', { submissionId, success: found !== undefined, ...state })
  }

  /** @param drain undefined: as the server was told at its start. */
  async kill(submissionId: string, drain = this.#options.drain): Promise<Answer> {
    const found = await this.#find(submissionId)
    const control = found && (await readControl(found.job.table, found.job.door.job))
    if (!found?.current || control?.wanted === 'stopped')
      return this.#answer('KillSubmissionResponse', {
        submissionId,
        success: false,
        message: `Driver ${submissionId} has already finished or does not exist`,
      })
    try {
      await found.job.door.stop(drain)
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      return this.#answer('KillSubmissionResponse', { submissionId, success: false, message: error.message })
    }
    if (found.job.driven) this.#options.drive(found.job)
    return this.#answer('KillSubmissionResponse', {
      submissionId,
      success: true,
      message: `Kill request for ${submissionId} submitted`,
    })
  }

  error(message: string, status: number, more: Answer['body'] = {}): Answer {
    return { status, body: { ...this.#answer('ErrorResponse', { message, ...more }).body } }
  }

  #answer(action: string, body: Answer['body']): Answer {
    return { status: 200, body: { action, serverSparkVersion: this.#options.version, ...body } }
  }

  /** By name, and by nothing else: what a caller sends is looked for in the list. In words, why there is none. */
  #jobOf({ mainClass, appResource }: CreateSubmissionRequest): ServedJob | string {
    const { jobs } = this.#options
    const named = [mainClass, appResource].flatMap((name) => (name === undefined ? [] : (jobs.get(name) ?? [])))
    const [job, other] = new Set(named)
    if (job && !other) return job
    const list = [...jobs.keys()].join(', ')
    return other
      ? 'mainClass and appResource name two jobs. Name one.'
      : `mainClass or appResource must be the name of a job of this server: ${list}.`
  }

  #parametersOf({ sparkProperties, environmentVariables, appArgs }: CreateSubmissionRequest): Map<string, string> {
    if (appArgs.length > 0) throw new BadRequestError('Malformed request: a job takes no appArgs, only parameters.')
    const parameters = new Map<string, string>()
    for (const [name, value] of sparkProperties)
      if (name.startsWith(PARAMETER)) parameters.set(name.slice(PARAMETER.length), value)
      else if (!name.startsWith('spark.')) parameters.set(name, value)
    // Spark's own client sends its own: SPARK_HOME, SPARK_ENV_LOADED.
    for (const [name, value] of environmentVariables) if (!name.startsWith('SPARK_')) parameters.set(name, value)
    for (const [name, value] of parameters) {
      if (!this.#options.allowed.has(name))
        throw new BadRequestError(
          `Malformed request: ${JSON.stringify(name.slice(0, 100))} is no parameter that may be given: ${[...this.#options.allowed].join(', ') || 'there is none'}.`,
        )
      try {
        checkParameter('Malformed request', name, value)
      } catch (error) {
        throw error instanceof InvalidOptionError ? new BadRequestError(error.message) : error
      }
    }
    return parameters
  }

  async #find(id: string): Promise<{ job: ServedJob; attempt: number; current: boolean } | undefined> {
    const { job: name, attempt } = applicationOf(id.slice(0, 1024 + DIGITS)) ?? { job: '', attempt: 0 }
    const job = this.#options.jobs.get(name)
    if (!job) return undefined
    const { attempt: last } = await readControl(job.table, name)
    return attempt <= last ? { job, attempt, current: attempt === last } : undefined
  }

  async #stateOf({ door, table }: ServedJob, attempt: number, current: boolean): Promise<Answer['body']> {
    if (current) return stateOf(await door.look())
    const how = (await attemptOf(table, door.job, attempt))?.how
    return {
      driverState: (how === undefined ? 'UNKNOWN' : how === 'drained' ? 'FINISHED' : 'KILLED') satisfies DriverState,
    }
  }
}

/** Pure. */
function stateOf({ wanted, over, there, phase, error, drainedUntil, processes }: Standing): Answer['body'] {
  const [worker] = processes
  const facts = worker && { workerId: worker.name, workerHostPort: worker.name }
  if (error !== undefined)
    return { driverState: 'ERROR' satisfies DriverState, message: describeCause(error), ...facts }
  if (wanted === 'stopped' && over)
    return { driverState: (drainedUntil === undefined ? 'KILLED' : 'FINISHED') satisfies DriverState, message: phase }
  if (!there) return { driverState: 'RELAUNCHING' satisfies DriverState, message: phase }
  const starting = wanted === 'running' && !over
  return { driverState: (starting ? 'SUBMITTED' : 'RUNNING') satisfies DriverState, message: phase, ...facts }
}
