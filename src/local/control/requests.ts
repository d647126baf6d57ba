// What may be asked of a job, each a change of the row that says what is wanted. Whoever runs the job does it.

import { RefusedError } from '../../errors/cli-errors.ts'
import { applicationId } from '../../names/applications.ts'
import { type Control, changeControl, type KnownControl } from '../../runtime/control-row.ts'
import type { StateTable } from '../../stores/table.ts'
import { noteEnd, noteStart } from './attempts.ts'

/** Takes nothing in any more; open windows are still closed by the clock. @throws RefusedError when it is stopped */
export function pauseJob(table: StateTable, job: string): Promise<KnownControl> {
  return changeControl(table, job, (before) => {
    if (before.wanted === 'stopped') throw isStopped(job, before)
    return before.wanted === 'paused' ? undefined : wanting('paused', before)
  })
}

/** @throws RefusedError when it is stopped */
export function resumeJob(table: StateTable, job: string): Promise<KnownControl> {
  return changeControl(table, job, (before) => {
    if (before.wanted === 'stopped') throw isStopped(job, before)
    return before.wanted === 'running' ? undefined : wanting('running', before)
  })
}

/** @param drain whether everything that is open is closed first; without it, a drain that is not done is given up */
export async function stopJob(table: StateTable, job: string, drain: boolean): Promise<KnownControl> {
  const now = await changeControl(table, job, (before) => {
    const asIs = drain ? before.drain !== undefined : before.drain?.done !== false
    if (before.wanted === 'stopped' && asIs) return undefined
    return { ...wanting('stopped', before), ...(drain && { drain: { done: false } }) }
  })
  if (now.attempt > 0) await noteEnd(table, job, now)
  return now
}

export interface StartOptions {
  /** Environment variables of the job. */
  readonly parameters: ReadonlyMap<string, string>
  /** Whether those that it has and that are not named stay. */
  readonly keep: boolean
}

/**
 * Starts a job that is stopped, or goes on with one that is paused.
 *
 * @throws RefusedError when it runs and would get other parameters
 */
export async function startJob(
  table: StateTable,
  job: string,
  { parameters, keep }: StartOptions,
): Promise<KnownControl> {
  const now = await changeControl(table, job, (before) => {
    const wanted = [...new Map([...(keep ? before.parameters : []), ...parameters])]
    const same = sameParameters(wanted, before.parameters)
    if (before.wanted !== 'stopped' && before.rev > 0) {
      if (!same) throw new RefusedError(`Job ${job} is ${before.wanted}: parameters change at a start. Stop it first.`)
      return before.wanted === 'running' ? undefined : wanting('running', before)
    }
    return { wanted: 'running', since: Date.now(), attempt: before.attempt + 1, parameters: wanted }
  })
  await noteStart(table, job, now)
  return now
}

/** Of a process that has come up: the first there ever was is the first start, unless it is to wait for one. */
export async function firstStart(table: StateTable, job: string, wanted: 'running' | 'stopped'): Promise<void> {
  const now = await changeControl(table, job, (before) => {
    if (before.rev > 0) return undefined
    return { wanted, since: Date.now(), attempt: wanted === 'running' ? 1 : 0, parameters: [] }
  })
  if (now.attempt > 0) await noteStart(table, job, now)
}

export function sameParameters(some: Control['parameters'], others: Control['parameters']): boolean {
  const sorted = (all: Control['parameters']): string => JSON.stringify([...all].sort())
  return sorted(some) === sorted(others)
}

/** One that runs without ever having been asked to is at its first start. */
function wanting(wanted: Control['wanted'], { rev, attempt, parameters }: KnownControl): Control {
  return { wanted, since: Date.now(), attempt: rev === 0 ? 1 : attempt, parameters }
}

function isStopped(job: string, { attempt }: Control): RefusedError {
  const id = applicationId({ job, attempt })
  return new RefusedError(
    `Job ${job} is stopped (${id}), so there is nothing to pause or resume. Start it: millrace start ${job}`,
  )
}
