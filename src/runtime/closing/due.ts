// When something is to be done although nothing may come.

import { nextInterval } from '../empty-intervals.ts'
import { closedBy, earliest } from '../time.ts'
import type { CloserParts } from './closer-parts.ts'
import type { LogReader } from './log-reader.ts'

/** Times after `closedUntil`, in no order. */
export function dueTimes(parts: CloserParts, readers: readonly LogReader[], closedUntil: number): number[] {
  const { stages, anyInPlace, settings, environment } = parts
  if (!stages.any && !anyInPlace) return []
  if (settings.idle === 'pause') return anyInPlace ? [...stages.due, ...dueInPlace(parts, readers)] : stages.due
  // The first batch is the first with data: the intervals before it, back to the epoch, are none of the job's.
  const since = closedUntil > 0 ? closedUntil : settings.zeroTime
  if (since === undefined) return []
  const data = earliest(readers.flatMap(({ openTimes }) => openTimes.filter((time) => time > since)))
  const goal = Number.isFinite(data) ? data : closedBy(environment.clock.now(), settings.batch)
  return [nextInterval(since, goal, settings)]
}

function dueInPlace(parts: CloserParts, readers: readonly LogReader[]): number[] {
  // One that the partition has passed was due to code that has lacked the operator since: it is made up for when records come.
  const ahead = readers.filter(({ next = 0, frontier }) => next > frontier)
  return ahead.flatMap(({ task, next }) => (next !== undefined && parts.taskInPlace(task) ? next : []))
}
