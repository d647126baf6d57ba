// The watermark of several inputs (case F01 of the tables), kept over restarts, and silence.

import { expect, it } from 'vitest'
import { Cells } from '../../../src/operators/cells.ts'
import { type Mark, Watermarks } from '../../../src/operators/event-time/watermark.ts'
import { caseOf } from '../../conformance/event-time/cases.ts'

const mark = (delay: number, idle?: number, of = 'rows'): Mark => ({ of, delay, idle, behind: 0 })

/** Watermarks over cells, which may be made anew of what was kept. */
function kept(marks: readonly Mark[]) {
  let cells = new Cells('test')
  let watermarks = new Watermarks(marks, { cells, slide: 1000 })
  return {
    get at() {
      return watermarks
    },
    restart(): void {
      const all = [...cells.all()]
      cells = new Cells('test')
      watermarks = new Watermarks(marks, { cells, slide: 1000 })
      for (const [cell, value] of all) cells.restore({ cell, value, deleted: false })
    },
  }
}

function seen(times: readonly number[]): unknown[] {
  if (times.length === 0) return []
  const sum = times.reduce((a, b) => a + b, 0)
  return [[Math.min(...times) * 1000, Math.max(...times) * 1000, sum * 1000, times.length]]
}

it.each([false, true])('F01: the least of two watermarks counts, restarted: %s', (restarted) => {
  const two = kept([mark(10_000), mark(5000, undefined, 'others')])
  let time = 0
  for (const step of caseOf('F01').steps) {
    const { first, second } = Object(step.in)
    time += 2000
    two.at.judging(time)
    two.at.move(time, [seen(first), seen(second)])
    expect(two.at.now).toBe((step.wm ?? 0) * 1000)
    if (restarted) two.restart()
  }
  // Spark forgets at a restart that the first was at 190.
  two.restart()
  two.at.move(time + 2000, [seen([]), seen([200])])
  expect(two.at.now).toBe(190_000)
})

it('judges late rows by the batch before, also when that was left out', () => {
  const one = kept([mark(0)])
  one.at.move(1000, [seen([5])])
  expect(one.at.judging(2000)).toEqual({ late: 0, final: 5000 })
  expect(one.at.judging(3000)).toEqual({ late: 5000, final: 5000 })
  one.at.move(3000, [seen([9])])
  expect(one.at.judging(4000)).toEqual({ late: 5000, final: 9000 })
})

it('is due when something is final, and not before', () => {
  const one = kept([mark(2000)])
  one.at.move(1000, [seen([5])])
  expect(one.at.due(1000, undefined)).toBeUndefined()
  expect(one.at.due(1000, 3001)).toBeUndefined()
  expect(one.at.due(1000, 3000)).toBe(1001)
})

it('moves to the greatest event time after silence, at the same batch wherever something waits for it or not', () => {
  const waits = kept([mark(4000, 2500)])
  const waitsNot = kept([mark(4000, 2500)])
  for (const { at } of [waits, waitsNot]) at.move(1000, [seen([9])])
  expect(waits.at.due(1000, 6000)).toBe(4000) // 3500, rounded up to a batch
  waits.at.judging(4000)
  waits.at.move(4000, [[]])
  expect(waits.at.now).toBe(9000)
  expect(waits.at.judging(5000)).toEqual({ late: 5000, final: 9000 })
  expect(waitsNot.at.judging(5000)).toEqual({ late: 5000, final: 9000 })
  expect(waitsNot.at.judging(6000)).toEqual({ late: 9000, final: 9000 })
})

it('is not moved by silence that data has ended in time', () => {
  const one = kept([mark(4000, 2500)])
  one.at.move(1000, [seen([9])])
  one.at.judging(4000)
  one.at.move(4000, [seen([9])])
  expect(one.at.now).toBe(5000)
  expect(one.at.judging(6000)).toEqual({ late: 5000, final: 5000 })
})

it('is none without marks: nothing is late or final', () => {
  const none = kept([])
  none.at.move(1000, [])
  expect(none.at.judging(2000)).toEqual({ late: undefined, final: undefined })
  expect(none.at.due(1000, 5)).toBeUndefined()
})
