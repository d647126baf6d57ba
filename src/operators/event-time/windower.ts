// Which windows a row belongs to. Spark: `TimeWindow` and `SessionWindow`.

import { InvalidOptionError } from '../../errors/errors.ts'
import { type Duration, toMillis } from '../../options/duration.ts'
import { synchronous } from '../../options/synchronous.ts'

/** A span of event time, milliseconds: `[start, end)`. */
export interface EventWindow {
  /** Rows at it belong to the window. */
  readonly start: number
  /** Rows at it do not. */
  readonly end: number
}

/** Windows of one length, which begin every `slide`. */
export interface FixedWindows {
  /** Tells it from sessions. */
  readonly kind: 'fixed'
  /** Milliseconds. */
  readonly size: number
  /** Milliseconds. */
  readonly slide: number
  /** Milliseconds. */
  readonly offset: number
}

/** All of time in one window, which never ends. */
export const NO_WINDOW = { kind: 'none', size: Number.POSITIVE_INFINITY } as const
export type NoWindow = typeof NO_WINDOW

/** Windows that end where nothing has come for `gap`. `T`: the rows, where their gap depends on them. */
export interface SessionWindows<T = unknown> {
  /** Tells it from fixed windows. */
  readonly kind: 'session'
  /** Milliseconds. */
  gap(row: T): number
}

/** What {@link tumbling}, {@link sliding} and {@link session} give. */
export type Windows<T = unknown> = FixedWindows | SessionWindows<T>

/** Options of {@link tumbling} and {@link sliding}. */
export interface WindowsOptions {
  /** Windows begin so long after the epoch, and every slide before and after. May be negative. Default 0. */
  readonly offset?: Duration | `-${Duration}`
}

/**
 * Windows of one length, one after the other. Spark: `window(column, duration)`.
 *
 * @throws InvalidOptionError when `size` is no duration or 0.
 * @example tumbling('5m')
 */
export function tumbling(size: Duration, options: WindowsOptions = {}): FixedWindows {
  return fixed('tumbling', size, size, options)
}

/**
 * Windows of one length that begin every `slide`, so that a row belongs to several. Spark:
 * `window(column, duration, slide)`.
 *
 * @throws InvalidOptionError when one of them is no duration or 0, or `slide` is longer than `size`.
 * @example sliding('10m', '1m')
 */
export function sliding(size: Duration, slide: Duration, options: WindowsOptions = {}): FixedWindows {
  return fixed('sliding', size, slide, options)
}

/**
 * Sessions: the rows of a key that follow each other within `gap`; a session ends `gap` after its last row, and sessions that touch are one.
 * A row whose own gap is 0 or less belongs to none. Spark: `session_window`.
 *
 * @throws InvalidOptionError when `gap` is no duration or 0.
 * @example session('30m')
 */
export function session<T>(gap: Duration | ((row: T) => Duration | number)): SessionWindows<T> {
  if (typeof gap === 'function') {
    return { kind: 'session', gap: (row) => lengthOf(synchronous('session, gap', gap(row))) }
  }
  const millis = positive('session, gap', gap)
  return { kind: 'session', gap: () => millis }
}

/** Of a row: 0 and less are allowed. */
function lengthOf(gap: Duration | number): number {
  return typeof gap === 'number' && gap <= 0 ? 0 : toMillis('session, gap', gap)
}

function fixed(where: string, size: Duration, slide: Duration, { offset = 0 }: WindowsOptions): FixedWindows {
  const [of, every] = [positive(`${where}, size`, size), positive(`${where}, slide`, slide)]
  if (every > of) {
    throw new InvalidOptionError(
      `${where}: the slide (${every} ms) is longer than the window (${of} ms), so rows between windows would belong to none.`,
    )
  }
  const sign = typeof offset === 'number' ? Math.sign(offset) : offset.startsWith('-') ? -1 : 1
  const length = toMillis(`${where}, offset`, typeof offset === 'number' ? Math.abs(offset) : offset.replace('-', ''))
  return { kind: 'fixed', size: of, slide: every, offset: sign * length }
}

function positive(where: string, duration: Duration): number {
  const millis = toMillis(where, duration)
  if (millis > 0) return millis
  throw new InvalidOptionError(`${where}: a window must be longer than 0.`)
}

/** The starts of the windows that a time belongs to, ascending; none of a row that has no time. */
export function startsOf(windows: FixedWindows | NoWindow, at: number | null): readonly number[] {
  if (windows.kind === 'none') return [0]
  if (at === null) return []
  const { size, slide, offset } = windows
  const starts: number[] = []
  const last = Math.floor((at - offset) / slide) * slide + offset
  for (let start = last; start > at - size; start -= slide) starts.push(start)
  return starts.reverse()
}
