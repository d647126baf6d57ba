// What commands and requests from afar do with a job, wherever it runs: processes of `millrace run`, or a deployed function. Both keep what
// is wanted in the job's row, so there is one answer to what became of a start.

import type { StartOptions } from './requests.ts'

/** How far a job is with what is wanted of it. */
export interface Standing {
  readonly job: string
  /** Of the last start. */
  readonly application: string
  readonly wanted: 'running' | 'paused' | 'stopped'
  /** Whether that is so by now. */
  readonly over: boolean
  /** In words, for people. */
  readonly phase: string
  /** What it fails at. */
  readonly error?: string
  /** Whether anything runs the job at all. */
  readonly there: boolean
  /** Until when windows were closed, milliseconds; only of a job that was drained. */
  readonly drainedUntil?: number
  readonly processes: readonly { readonly name: string; readonly phase: string; readonly inFlight: number }[]
}

export interface Door {
  readonly job: string
  pause(): Promise<void>
  resume(): Promise<void>
  /** @throws RefusedError when it runs with other parameters */
  start(options: StartOptions): Promise<void>
  /** @throws RefusedError when it cannot be drained */
  stop(drain: boolean): Promise<void>
  /** Where it is; where nobody else does, the next step towards what is wanted is done. */
  look(): Promise<Standing>
}
