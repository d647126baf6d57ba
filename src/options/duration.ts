// Durations: numbers are milliseconds, strings carry a unit. Spark's Milliseconds/Seconds/Minutes objects are functions here.

import { InvalidOptionError } from '../errors/errors.ts'

/** A length of time: a whole number of milliseconds, or a text such as `'500ms'`, `'5s'`, `'10m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** A thousand years: sums of times and durations stay exact, and a slip of the unit is found. */
export const MAX_DURATION_MS = 1000 * 365 * 86_400_000

/**
 * `n` milliseconds, as Spark's `Milliseconds(n)`.
 *
 * @example words.window(milliseconds(1500), milliseconds(500))
 */
export function milliseconds(n: number): number {
  return n
}

/**
 * `n` seconds in milliseconds, as Spark's `Seconds(n)`.
 *
 * @example words.window(seconds(30), seconds(10))
 */
export function seconds(n: number): number {
  return n * 1000
}

/**
 * `n` minutes in milliseconds, as Spark's `Minutes(n)`.
 *
 * @example words.window(minutes(5), minutes(1))
 */
export function minutes(n: number): number {
  return n * 60_000
}

/**
 * Milliseconds of a text whose form the compiler cannot know, as of an environment variable.
 *
 * @throws InvalidOptionError when it is no duration.
 * @example const settings = { batch: duration(process.env.BATCH ?? '5s') }
 */
export function duration(text: string): number {
  return toMillis('duration', text)
}

/**
 * Milliseconds of a duration.
 *
 * @param duration may also come from where there are no types, as a command line.
 * @throws InvalidOptionError when it is not a whole, non-negative number of milliseconds, over a thousand years, or its unit is unknown.
 */
export function toMillis(where: string, duration: number | string): number {
  const millis = typeof duration === 'number' ? duration : parse(where, duration)
  if (!Number.isSafeInteger(millis) || millis < 0 || millis > MAX_DURATION_MS) {
    throw new InvalidOptionError(
      `${where}: ${JSON.stringify(duration)} is not a duration. Use a whole number of milliseconds, of a thousand years at most, or a text such as '500ms', '5s', '10m'.`,
    )
  }
  return millis
}

function parse(where: string, text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/.exec(text)
  const unit = UNITS.get(match?.[2] ?? '')
  if (!match || unit === undefined) {
    throw new InvalidOptionError(
      `${where}: '${text}' is not a duration. Write a number and one of the units ${[...UNITS.keys()].join(', ')}, for example '5s'.`,
    )
  }
  return Math.round(Number(match[1]) * unit)
}
