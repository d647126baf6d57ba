// Which batch runs next: held against what buckets and partitions each had of it before it was one, and against what it has to be.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  batchOfDue,
  leavesOut,
  MAX_INTERVALS,
  nextInClosing,
  nextInJob,
  nextInPartition,
} from '../../src/runtime/schedule.ts'

const RUNS = { numRuns: Number(process.env.MILLRACE_RUNS ?? 30) * 100 }
const B = 1000
const MANY = 100_000
const NEVER = Number.POSITIVE_INFINITY

interface Settings {
  readonly batch: number
  readonly idle: 'pause' | 'run'
  readonly zeroTime?: number
}

// Where intervals are left out: about a thousand and a hundred thousand of them, before and after 1971.
const far = fc.constantFrom(0, MAX_INTERVALS - 1, MAX_INTERVALS, MANY - 1, MANY, 1_700_000_000, 31_536_000)
const batchTime = fc.tuple(far, fc.nat(5)).map(([some, more]) => (some + more) * B)
const maybe = fc.option(batchTime, { nil: undefined })
const settings: fc.Arbitrary<Settings> = fc.record(
  { batch: fc.constant(B), idle: fc.constantFrom('pause' as const, 'run' as const), zeroTime: batchTime },
  { requiredKeys: ['batch', 'idle'] },
)
/** Batches with data, ascending. */
const touched = fc
  .uniqueArray(batchTime, { maxLength: 4 })
  .map((times) => times.filter((t) => t > 0).sort((a, b) => a - b))

function intervalAfter(time: number, goal: number, { batch, zeroTime }: Settings): number {
  const most = zeroTime === undefined && time < Date.UTC(1971, 0) ? MAX_INTERVALS : MANY
  return goal - time > most * batch ? goal : time + batch
}

/** As buckets had it. */
function inBucket(
  time: number,
  due: number | undefined,
  { batch, idle, zeroTime }: Settings,
  { after, closedUntil }: { after: number; closedUntil: number },
  times: readonly number[],
): number | undefined {
  const data = times.find((candidate) => candidate > time)
  let other = due
  if (
    idle === 'run' &&
    !(time >= after && leavesOut(after, closedUntil, batch) && leavesOut(time, closedUntil, batch))
  ) {
    if (time > 0) other = time + batch
    else other = zeroTime === undefined ? times[0] : zeroTime + batch
  }
  const next = Math.min(data ?? NEVER, other ?? NEVER)
  return next <= closedUntil ? next : undefined
}

/** As partitions had it. */
function inPlace(after: number, until: number, known: number, of: Settings): number | undefined {
  const start = after > 0 ? after : of.zeroTime
  const run = of.idle === 'run' && start !== undefined
  const first = Math.min(run ? intervalAfter(start, Math.min(known, until), of) : NEVER, known)
  return first === NEVER ? undefined : first
}

/** As the closing task had it. */
function inJob(closedUntil: number, times: readonly number[], now: number, of: Settings): number | undefined {
  const since = closedUntil > 0 ? closedUntil : of.zeroTime
  if (since === undefined) return undefined
  return intervalAfter(since, times.find((time) => time > since) ?? Math.floor(now / of.batch) * of.batch, of)
}

describe('the next batch', () => {
  it('of a bucket is what it was', () => {
    fc.assert(
      fc.property(batchTime, maybe, settings, batchTime, batchTime, touched, (time, due, of, after, more, times) => {
        const covered = { after, closedUntil: after + more }
        const data = times.find((candidate) => candidate > time)
        expect(nextInClosing(time, { data, due }, covered, of)).toBe(inBucket(time, due, of, covered, times))
      }),
      RUNS,
    )
  })

  it('of a partition is what it was', () => {
    fc.assert(
      fc.property(batchTime, batchTime, maybe, maybe, settings, (time, until, data, due, of) => {
        const known = Math.min(data ?? NEVER, due ?? NEVER)
        expect(nextInPartition(time, until, { data, due }, of)).toBe(inPlace(time, until, known, of))
      }),
      RUNS,
    )
  })

  it('of a job is what it was', () => {
    fc.assert(
      fc.property(batchTime, touched, batchTime, settings, (closedUntil, times, now, of) => {
        const dataAfter = (since: number) => times.find((time) => time > since)
        expect(nextInJob(closedUntil, dataAfter, now, of)).toBe(inJob(closedUntil, times, now, of))
      }),
      RUNS,
    )
  })

  it('never passes over data, and never runs what is not closed', () => {
    fc.assert(
      fc.property(batchTime, maybe, settings, batchTime, touched, (after, due, of, more, times) => {
        const covered = { after, closedUntil: after + more }
        const ran: number[] = []
        const dataAfter = (time: number) => times.find((candidate) => candidate > time)
        const next = (time: number) => {
          const later = due !== undefined && due > time ? due : undefined
          return nextInClosing(time, { data: dataAfter(time), due: later }, covered, of)
        }
        for (let time = next(after); time !== undefined && ran.length < 20; time = next(time)) ran.push(time)
        const last = ran.length < 20 ? covered.closedUntil : (ran.at(-1) ?? after)
        const within = times.filter((time) => time > after && time <= last)
        expect(ran).toEqual(expect.arrayContaining(within))
        expect(ran.every((time, i) => time > (ran[i - 1] ?? after) && time <= covered.closedUntil)).toBe(true)
      }),
      RUNS,
    )
  })

  it('is the one in which a time that is due ends', () => {
    expect(batchOfDue(undefined, { batch: B })).toBeUndefined()
    expect(batchOfDue(1, { batch: B })).toBe(B)
    expect(batchOfDue(B, { batch: B })).toBe(B)
  })
})
