import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignBatchTimes, batchTimeOf, closedBy, earliest, latest, type TimeSettings } from '../../src/runtime/time.ts'

const NOW = 1_000_000
const settings: TimeSettings = { time: 'record', batch: 1000, clockSkew: 5000 }

describe('batch times', () => {
  it.each([
    [0, 1000],
    [1, 1000],
    [999, 1000],
    [1000, 2000],
    [1999.5, 2000],
  ])('%d ms belongs to T = %d: its interval is [T - B, T)', (time, T) => {
    expect(batchTimeOf(time, 1000)).toBe(T)
  })

  it('are closed when the frontier has reached them', () => {
    expect([999, 1000, 1001, 1999, 2000].map((frontier) => closedBy(frontier, 1000))).toEqual([
      0, 1000, 1000, 1000, 2000,
    ])
  })
})

describe('the earliest and the latest', () => {
  it('of as many as a partition that was halted for days leaves open', () => {
    const times = Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1_000_003)
    expect(() => Math.min(...times)).toThrow(RangeError)
    expect([earliest(times), latest(times)]).toEqual([0, 1_000_002])
  })

  it('of none are infinities', () => {
    expect([earliest([]), latest([])]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  })
})

describe('assigning batch times', () => {
  const assign = (timestamps: number[], frontier = 0, now = NOW, changes: Partial<TimeSettings> = {}) =>
    assignBatchTimes(timestamps, (timestamp) => timestamp, frontier, now, { ...settings, ...changes })

  it('cuts records into runs of one batch time', () => {
    expect(assign([100, 900, 1000, 1500, 3100])).toEqual({
      segments: [
        { time: 1000, start: 0, end: 2 },
        { time: 2000, start: 2, end: 4 },
        { time: 4000, start: 4, end: 5 },
      ],
      frontier: 3100,
      late: 0,
    })
  })

  it('has nothing to cut without records, and stays', () => {
    expect(assign([], 700)).toEqual({ segments: [], frontier: 700, late: 0 })
  })

  it('puts a record that is out of order into the oldest open batch', () => {
    expect(assign([1500, 200, 1600])).toEqual({
      segments: [{ time: 2000, start: 0, end: 3 }],
      frontier: 1600,
      late: 1,
    })
    expect(assign([200], 5000).segments).toEqual([{ time: 6000, start: 0, end: 1 }])
  })

  it('takes a timestamp that is far ahead of the clock as now plus the skew', () => {
    expect(assign([NOW + 5000]).frontier).toBe(NOW + 5000)
    expect(assign([NOW + 5001, NOW + 999_999])).toEqual({
      segments: [{ time: NOW + 6000, start: 0, end: 2 }],
      frontier: NOW + 5000,
      late: 0,
    })
  })

  it('takes the clock where there is no timestamp', () => {
    expect(assign([-1])).toEqual({
      segments: [{ time: NOW + 1000, start: 0, end: 1 }],
      frontier: NOW,
      late: 0,
    })
  })

  it('takes the clock for all when time is arrival, but never moves back', () => {
    const arrival = { time: 'arrival' } as const
    expect(assign([5, 99_000_000], 0, NOW, arrival)).toEqual({
      segments: [{ time: NOW + 1000, start: 0, end: 2 }],
      frontier: NOW,
      late: 0,
    })
    expect(assign([5], NOW + 2500, NOW, arrival).segments).toEqual([{ time: NOW + 3000, start: 0, end: 1 }])
  })

  it('does not depend on where records are cut (I2)', () => {
    const records = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(records, fc.array(fc.nat(), { maxLength: 5 }), fc.nat({ max: 3000 }), (timestamps, cuts, start) => {
        const whole = assign(timestamps, start)
        const places = [0, ...cuts.map((cut) => cut % timestamps.length), timestamps.length].sort((a, b) => a - b)
        let frontier = start
        const times: number[] = []
        places.slice(1).forEach((end, i) => {
          const piece = assign(timestamps.slice(places[i], end), frontier)
          frontier = piece.frontier
          times.push(...piece.segments.flatMap((s) => new Array<number>(s.end - s.start).fill(s.time)))
        })
        expect(times).toEqual(whole.segments.flatMap((s) => new Array<number>(s.end - s.start).fill(s.time)))
        expect(frontier).toBe(whole.frontier)
      }),
    )
  })

  it('covers every record once, in ascending batch times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 20_000 })), (timestamps) => {
        const { segments } = assign(timestamps, 0, 10_000)
        expect(segments.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(
          timestamps.map((_, i) => i),
        )
        for (const [i, { time }] of segments.entries()) expect(time).toBeGreaterThan(segments[i - 1]?.time ?? 0)
      }),
    )
  })
})
