// Where to read from and until, as rpk has people write it for `rpk topic consume --offset`; the same words in every command.
// https://docs.redpanda.com/current/reference/rpk/rpk-topic/rpk-topic-consume/
//
// Until is exclusive, as `[from, until)` is everywhere else (DESIGN §1). Times are fixed when they are read: `-48h` is a time, not a
// rule. A length after a colon counts from the time before it (`@2026-01-01:24h`), one with a minus from now.

import { InvalidOptionError } from '../errors/errors.ts'

/** A place in a partition, before anybody has asked where that is. */
export type Position =
  | { readonly kind: 'start'; readonly plus: number }
  | { readonly kind: 'end'; readonly minus: number }
  | { readonly kind: 'offset'; readonly offset: number }
  /** Milliseconds: the first record whose timestamp is this or later. */
  | { readonly kind: 'time'; readonly time: number }

/** Without `until` it goes on for ever. */
export interface OffsetRange {
  readonly from: Position
  readonly until?: Position
}

/** What was said for all partitions, for those of a topic, or for one. */
export interface Entry<T> {
  readonly topic?: string
  readonly partition?: number
  readonly value: T
}

/** What a partition holds. */
export interface PartitionBounds {
  /** Its first offset. */
  readonly start: number
  /** The first offset that it does not have yet. */
  readonly end: number
  /** The first offset whose timestamp is `time` or later; undefined when there is none. */
  offsetAt(time: number): Promise<number | undefined>
}

const RANGES = 'start, end, :end, +n, -n, n, n:, :n, n1:n2, @t, @:t or @t1:t2'
const POSITIONS = 'start, end, +n, -n, n or @t'
const TIMES =
  'a time is 13 digits (milliseconds), 9 or 10 (seconds), a day (2026-01-31), RFC 3339 (2026-01-31T12:00:00Z) or a length (-48h, 1h30m)'

const LENGTH = String.raw`(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+`
const MOMENT = String.raw`\d{13}|\d{9,10}|\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d*)?)?(?:Z|[+-]\d\d:\d\d))?|-?${LENGTH}|start|end`
const TIME_RANGE = new RegExp(`^@(${MOMENT})?(?:(:)(${MOMENT})?)?$`)
const PLACE = String.raw`start|end|[+-]?\d{1,15}`
const PLACE_RANGE = new RegExp(`^(${PLACE})?(?:(:)(${PLACE})?)?$`)

/**
 * A range: where from, and until where if it says so.
 *
 * @param where it was said, for the message: `--offset`
 * @param now milliseconds, from which `-48h` counts
 * @throws InvalidOptionError when it is none, or ends before it begins.
 * @example parseRange('--offset', '@-48h:-24h', Date.now())
 */
export function parseRange(where: string, text: string, now: number): OffsetRange {
  const range = text.startsWith('@') ? timeRange(where, text, now) : placeRange(text)
  if (!range) throw wrong(where, text, `a range of offsets. Write ${RANGES}; ${TIMES}`)
  const { from, until } = range
  const [first, last] = [orderOf(from), orderOf(until)]
  if (from.kind === until?.kind && first !== undefined && last !== undefined && last < first)
    throw wrong(where, text, 'a range: it ends before it begins')
  return range
}

/**
 * One place: `start`, `end`, `+n` after the start, `-n` before the end, an offset, or `@t`.
 *
 * @throws InvalidOptionError when it is none.
 * @example parsePosition('--from', '@2026-01-31', Date.now())
 */
export function parsePosition(where: string, text: string, now: number): Position {
  const position = parseOne(where, text, now)
  if (!position) throw wrong(where, text, `a place in a partition. Write ${POSITIONS}; ${TIMES}`)
  return position
}

/**
 * What is said for several partitions, divided by commas: `start,3=100,lines=@-1h,lines/7=end`. What is all digits before `=` is a
 * partition; a topic of such a name is written with its partition.
 *
 * @param parse reads what is said of one
 * @throws InvalidOptionError when one has no place, or two have the same.
 * @example parseEntries('--from', 'start,lines/3=100', (text) => parsePosition('--from', text, Date.now()))
 */
export function parseEntries<T>(where: string, text: string, parse: (text: string) => T): Entry<T>[] {
  const entries = text.split(',').map((part): Entry<T> => {
    const at = part.indexOf('=')
    return at < 0 ? { value: parse(part) } : { ...placeOf(where, part.slice(0, at)), value: parse(part.slice(at + 1)) }
  })
  const places = entries.map(({ topic, partition }) => `${topic ?? 'every topic'}/${partition ?? 'every partition'}`)
  const twice = places.find((place, i) => places.indexOf(place) !== i)
  if (twice !== undefined) throw new InvalidOptionError(`${where}: '${text}' says twice where ${twice} is.`)
  return entries
}

/**
 * What was said of a partition: for it, else for its topic, else for all; undefined when nothing was.
 *
 * @example entryFor(entries, 'lines', 3)
 */
export function entryFor<T>(entries: readonly Entry<T>[], topic: string, partition: number): T | undefined {
  const fits = entries.filter((one) => (one.topic ?? topic) === topic && (one.partition ?? partition) === partition)
  const weight = (one: Entry<T>): number => (one.partition === undefined ? 0 : 2) + (one.topic === undefined ? 0 : 1)
  return fits.sort((a, b) => weight(b) - weight(a))[0]?.value
}

/**
 * The offset of a position. An offset is taken as it was said, also one that the partition does not have: whether that may be, who
 * asks decides. What counts from the start or the end stays within both.
 *
 * @example await offsetOf(position, { start: 0, end: 100, offsetAt: async () => undefined })
 */
export async function offsetOf(position: Position, { start, end, offsetAt }: PartitionBounds): Promise<number> {
  switch (position.kind) {
    case 'start':
      return Math.min(end, start + position.plus)
    case 'end':
      return Math.max(start, end - position.minus)
    case 'offset':
      return position.offset
    case 'time':
      return Math.min(end, (await offsetAt(position.time)) ?? end)
  }
}

/** A position as it would be written. */
export function describePosition(position: Position): string {
  switch (position.kind) {
    case 'start':
      return position.plus === 0 ? 'start' : `+${position.plus}`
    case 'end':
      return position.minus === 0 ? 'end' : `-${position.minus}`
    case 'offset':
      return String(position.offset)
    case 'time':
      return `@${new Date(position.time).toISOString()}`
  }
}

function parseOne(where: string, text: string, now: number): Position | undefined {
  if (!text.startsWith('@')) return new RegExp(`^(?:${PLACE})$`).test(text) ? place(text) : undefined
  return new RegExp(`^(?:${MOMENT})$`).test(text.slice(1)) ? moment(where, text.slice(1), now, now) : undefined
}

function placeRange(text: string): OffsetRange | undefined {
  const [match, from, colon, until] = PLACE_RANGE.exec(text) ?? []
  if (match === undefined || (from === undefined && until === undefined)) return undefined
  return {
    from: from === undefined ? place('start') : place(from),
    ...(colon !== undefined && until !== undefined && { until: place(until) }),
  }
}

function timeRange(where: string, text: string, now: number): OffsetRange | undefined {
  const [match, from, , until] = TIME_RANGE.exec(text) ?? []
  if (match === undefined || (from === undefined && until === undefined)) return undefined
  const first = from === undefined ? place('start') : moment(where, from, now, now)
  const since = first.kind === 'time' ? first.time : now
  return { from: first, ...(until !== undefined && { until: moment(where, until, now, since) }) }
}

function place(text: string): Position {
  if (text === 'start') return { kind: 'start', plus: 0 }
  if (text === 'end') return { kind: 'end', minus: 0 }
  const n = Number(text.replace(/^[+-]/, ''))
  if (text.startsWith('+')) return { kind: 'start', plus: n }
  return text.startsWith('-') ? { kind: 'end', minus: n } : { kind: 'offset', offset: n }
}

/** @param since where a length without a minus begins */
function moment(where: string, text: string, now: number, since: number): Position {
  if (text === 'start' || text === 'end') return place(text)
  const time = timeOf(text, now, since)
  // Date takes the 30th of February for the 2nd of March.
  const day = /^\d{4}-\d\d-(\d\d)/.exec(text)?.[0]
  if (Number.isNaN(time) || (day !== undefined && new Date(day).toISOString().slice(0, 10) !== day))
    throw new InvalidOptionError(`${where}: there is no time ${text}.`)
  return { kind: 'time', time: Math.max(0, time) }
}

function timeOf(text: string, now: number, since: number): number {
  if (/^\d{13}$/.test(text)) return Number(text)
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000
  if (/^\d{4}-/.test(text)) return Date.parse(text.replace(/\.(?=Z|[+-])/, ''))
  return text.startsWith('-') ? now - lengthOf(text) : since + lengthOf(text)
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

function lengthOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  return Math.round(parts.reduce((sum, [, n, unit = '']) => sum + Number(n) * (UNITS.get(unit) ?? 0), 0))
}

function placeOf(where: string, text: string): Pick<Entry<unknown>, 'topic' | 'partition'> {
  const [match, alone, topic, partition] = /^(?:(\d{1,9})|([a-zA-Z0-9._-]{1,249})(?:\/(\d{1,9}))?)$/.exec(text) ?? []
  if (match === undefined)
    throw new InvalidOptionError(
      `${where}: '${text}' before '=' is no partition. Write 3=…, topic=… or topic/3=…, divided by commas.`,
    )
  const number = alone ?? partition
  return { ...(topic !== undefined && { topic }), ...(number !== undefined && { partition: Number(number) }) }
}

/** What can be compared with another of its kind; the end with nothing, since a partition may be shorter. */
function orderOf(position: Position | undefined): number | undefined {
  if (position?.kind === 'offset') return position.offset
  if (position?.kind === 'start') return position.plus
  return position?.kind === 'time' ? position.time : undefined
}

function wrong(where: string, text: string, what: string): InvalidOptionError {
  return new InvalidOptionError(`${where}: '${text}' is not ${what}.`)
}
