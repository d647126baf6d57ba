// What a job writes to besides its outputs: only the job's own test knows what should stand there.

import type { Ledger } from './ledger.ts'
import type { Outputs } from './outputs.ts'

/** What {@link Outside.check} is told of a run. */
export interface OutsideRun {
  /** How many records the job has committed. */
  readonly records: number
  /** What it has published, by output and batch time. */
  readonly outputs: Outputs
}

/** A table, a service, whatever functions of the job write to, as its test has it. */
export interface Outside {
  /** Empties it. Called before every run of a seed; a failing seed is run many times, with fewer records and faults. */
  reset(): void
  /** What is wrong with it when the job is at rest: a sentence each, which are violations. */
  check(run: OutsideRun): readonly string[]
}

export function outsideRun({ entries }: Ledger, outputs: Outputs): OutsideRun {
  return { records: [...entries.values()].reduce((sum, some) => sum + some.length, 0), outputs }
}
