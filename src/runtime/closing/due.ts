// When something is to be done although nothing may come.

import type { Log } from '../environment.ts'
import { leavesOut, nextInJob } from '../schedule.ts'
import { earliest } from '../time.ts'
import type { CloserParts } from './closer-parts.ts'
import type { LogReader } from './log-reader.ts'

/** Times after `closedUntil`, in no order. */
export function dueTimes(parts: CloserParts, readers: readonly LogReader[], closedUntil: number): number[] {
  const { stages, anyInPlace, settings, environment } = parts
  if (!stages.any && !anyInPlace) return []
  if (settings.idle === 'pause') return anyInPlace ? [...stages.due, ...dueInPlace(parts, readers)] : stages.due
  const dataAfter = (since: number): number | undefined => {
    const data = earliest(readers.flatMap(({ openTimes }) => openTimes.filter((time) => time > since)))
    return Number.isFinite(data) ? data : undefined
  }
  const next = nextInJob(closedUntil, dataAfter, environment.clock.now(), settings)
  return next === undefined ? [] : [next]
}

/** What is done without data may be too much: then it is left out, and that is said. */
export function tellLeftOut(log: Log, after: number, closedUntil: number, batch: number): void {
  if (!leavesOut(after, closedUntil, batch)) return
  log.warn(
    { after: new Date(after).toISOString(), until: new Date(closedUntil).toISOString() },
    "idle: 'run' leaves out intervals without data: there would be too many between these times. Does a producer send seconds instead of milliseconds, or is its clock wrong?",
  )
}

function dueInPlace(parts: CloserParts, readers: readonly LogReader[]): number[] {
  // One that the partition has passed was due to code that has lacked the operator since: it is made up for when records come.
  const ahead = readers.filter(({ next = 0, frontier }) => next > frontier)
  return ahead.flatMap(({ task, next }) => (next !== undefined && parts.taskInPlace(task) ? next : []))
}
