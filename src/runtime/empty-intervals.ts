// `idle: 'run'` runs every empty interval, as Spark does. A record with a time that is long past would make that decades of seconds:
// where so many would be empty that nobody can have meant it, they are left out, and that is said.

import { MAX_INTERVALS } from './closing/close-draft.ts'
import type { Log } from './environment.ts'

/** Some 28 hours of seconds, six days of five seconds: no job that is alive is ever so far behind. */
const MANY = 100_000

/** Timestamps in seconds that are taken for milliseconds are in January and February 1970. */
const YEAR_1971 = Date.UTC(1971, 0)

interface Settings {
  readonly batch: number
  readonly zeroTime?: number
}

/**
 * The interval that is run after `time`: the next one, or `goal`.
 *
 * @param goal the next batch with data; when there is none, the last that may be run
 */
export function nextInterval(time: number, goal: number, { batch, zeroTime }: Settings): number {
  const most = zeroTime === undefined && time < YEAR_1971 ? MAX_INTERVALS : MANY
  return goal - time > most * batch ? goal : time + batch
}

/** Whether a closing leaves out empty intervals: no other covers so many. */
export function leavesOut(after: number, closedUntil: number, batch: number): boolean {
  return after > 0 && closedUntil - after > MAX_INTERVALS * batch
}

export function tellLeftOut(log: Log, after: number, closedUntil: number, { batch }: Settings): void {
  if (!leavesOut(after, closedUntil, batch)) return
  log.warn(
    { after: new Date(after).toISOString(), until: new Date(closedUntil).toISOString() },
    "idle: 'run' leaves out intervals without data: there would be too many between these times. Does a producer send seconds instead of milliseconds, or is its clock wrong?",
  )
}
