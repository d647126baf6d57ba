// Which batch runs next, pure: one with data, one at which something is due, and with `idle: 'run'` every interval in between, as
// Spark does. A record with a time that is long past would make that decades of seconds: where so many would be empty that nobody can
// have meant it, they are left out, and that is said.

import type { JobSettings } from '../graph/job.ts'
import { closedBy } from './time.ts'

/**
 * How many intervals one closing covers at most, from the first with something to do: what is committed, published and held in
 * memory at once has a bound after a long halt of one partition, and an invocation that does not get through all of it gets on.
 */
export const MAX_INTERVALS = 1000

/** Some 28 hours of seconds, six days of five seconds: no job that is alive is ever so far behind. */
const MANY = 100_000

/** Timestamps in seconds that are taken for milliseconds are in January and February 1970. */
const YEAR_1971 = Date.UTC(1971, 0)

type Settings = Pick<JobSettings, 'batch' | 'idle' | 'zeroTime'>

/** What comes after some batch, as far as known. */
export interface Ahead {
  /** The next batch with data. */
  readonly data: number | undefined
  /** The next batch at which something is to be done although nothing may come. */
  readonly due: number | undefined
}

/** What one closing covers: (after, closedUntil]. */
export interface Covered {
  readonly after: number
  readonly closedUntil: number
}

/** Operators say when they have something to do; it is done in the batch that ends then or next. */
export function batchOfDue(due: number | undefined, { batch }: Pick<Settings, 'batch'>): number | undefined {
  return due === undefined ? undefined : Math.ceil(due / batch) * batch
}

/** In a bucket: the next batch to run after `time`, if the closing covers it. */
export function nextInClosing(
  time: number,
  ahead: Ahead,
  { after, closedUntil }: Covered,
  settings: Settings,
): number | undefined {
  const { batch, idle } = settings
  const start = startOf(time, settings)
  let next = earlier(ahead.data, ahead.due)
  if (idle === 'run') {
    const leaves = time >= after && leavesOut(after, closedUntil, batch) && leavesOut(time, closedUntil, batch)
    if (!leaves) next = earlier(ahead.data, start === undefined ? undefined : start + batch)
  }
  return next !== undefined && next <= closedUntil ? next : undefined
}

/** In a partition that runs operators by key itself: the next batch after `time`. Those without data are run up to `until`. */
export function nextInPartition(time: number, until: number, ahead: Ahead, settings: Settings): number | undefined {
  const known = earlier(ahead.data, ahead.due)
  const start = startOf(time, settings)
  if (settings.idle === 'pause' || start === undefined) return known
  return earlier(known, nextInterval(start, Math.min(known ?? until, until), settings))
}

/** In the job as a whole, with `idle: 'run'`: the next batch after what is closed, up to the one that `now` falls behind. */
export function nextInJob(
  closedUntil: number,
  dataAfter: (time: number) => number | undefined,
  now: number,
  settings: Settings,
): number | undefined {
  const start = startOf(closedUntil, settings)
  if (start === undefined) return undefined
  return nextInterval(start, dataAfter(start) ?? closedBy(now, settings.batch), settings)
}

/** The first batch is the first with data, unless the job says when time began: the intervals before it, back to the epoch, are none of its. */
function startOf(time: number, { zeroTime }: Settings): number | undefined {
  return time > 0 ? time : zeroTime
}

/**
 * The interval that is run after `time`: the next one, or `goal`.
 *
 * @param goal the next batch with data; when there is none, the last that may be run
 */
function nextInterval(time: number, goal: number, { batch, zeroTime }: Settings): number {
  const most = zeroTime === undefined && time < YEAR_1971 ? MAX_INTERVALS : MANY
  return goal - time > most * batch ? goal : time + batch
}

/** Whether a closing leaves out empty intervals: no other covers so many. */
export function leavesOut(after: number, closedUntil: number, batch: number): boolean {
  return after > 0 && closedUntil - after > MAX_INTERVALS * batch
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
