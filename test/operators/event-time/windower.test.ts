// Which windows a time belongs to, and what is refused of windows.

import { InvalidOptionError, session, sliding, tumbling } from 'millrace'
import { expect, it } from 'vitest'
import { NO_WINDOW, startsOf } from '../../../src/operators/event-time/windower.ts'

it.each([
  [tumbling(5), 0, [0]],
  [tumbling(5), 4, [0]],
  [tumbling(5), 5, [5]],
  [tumbling(5), -1, [-5]],
  [tumbling(5, { offset: 2 }), 1, [-3]],
  [tumbling(5, { offset: 2 }), 2, [2]],
  [tumbling(5, { offset: -1 }), 4, [4]],
  [sliding(10, 3), 27, [18, 21, 24, 27]],
  [sliding(10, 5), 10, [5, 10]],
  [NO_WINDOW, 7, [0]],
  [NO_WINDOW, null, [0]],
  [tumbling(5), null, []],
])('%o at %d', (windows, at, starts) => {
  expect(startsOf(windows, at)).toEqual(starts)
})

it('takes offsets as texts', () => {
  expect(tumbling('1h', { offset: '-15m' })).toEqual({
    kind: 'fixed',
    size: 3_600_000,
    slide: 3_600_000,
    offset: -900_000,
  })
})

it.each([
  [() => tumbling(0), 'tumbling, size: a window must be longer than 0'],
  [() => sliding('5s', '10s'), 'the slide (10000 ms) is longer than the window (5000 ms)'],
  [() => session(0), 'session, gap: a window must be longer than 0'],
])('refuses %s', (make, message) => {
  expect(make).toThrow(InvalidOptionError)
  expect(make).toThrow(message)
})
