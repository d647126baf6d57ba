import { describe, expect, it } from 'vitest'
import { InvalidOptionError, milliseconds, minutes, seconds } from '../../src/index.ts'
import { toMillis } from '../../src/options/duration.ts'

describe('a duration', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    ['500ms', 500],
    ['5s', 5000],
    [' 5 s ', 5000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0.5ms', 1], // rounded to a whole millisecond
    [milliseconds(3), 3],
    [seconds(5), 5000],
    [minutes(2), 120_000],
  ])('%o is %i ms', (duration, millis) => {
    expect(toMillis('here', duration)).toBe(millis)
  })

  it.each([
    [Number.MAX_SAFE_INTEGER, 'of a thousand years at most'],
    ['365001d', 'of a thousand years at most'],
    [-1, 'here: -1 is not a duration. Use a whole number of milliseconds'],
    [0.5, 'here: 0.5 is not a duration'],
    [Number.NaN, 'is not a duration'],
    [Number.POSITIVE_INFINITY, 'is not a duration'],
    [2 ** 53, 'is not a duration'],
    ['', "here: '' is not a duration. Write a number and one of the units ms, s, m, h, d, for example '5s'."],
    ['5', "here: '5' is not a duration. Write a number and one of the units"],
    ['5 minutes', "here: '5 minutes' is not a duration"],
    ['-5s', "here: '-5s' is not a duration"],
    ['5S', "here: '5S' is not a duration"],
    ['1e3s', "here: '1e3s' is not a duration"],
    ['5s5s', "here: '5s5s' is not a duration"],
    ['99999999999999d', 'is not a duration'],
  ])('%o is refused', (duration, message) => {
    expect(() => toMillis('here', duration)).toThrow(InvalidOptionError)
    expect(() => toMillis('here', duration)).toThrow(message)
  })
})
