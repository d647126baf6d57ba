// The time of a line: that of its file, a field of it as JSON, or what a pattern finds in it.

import { InvalidOptionError } from '../../errors/errors.ts'

/** Milliseconds; undefined: the line has none. */
export type LineTime = (line: Buffer) => number | undefined

/**
 * What `--time` says: `mtime`, `/pattern/` with the time in its first group or as a whole, or a field such as `at` or `meta.at`.
 *
 * @returns undefined for the time of the file.
 * @throws InvalidOptionError
 */
export function lineTime(where: string, text: string): LineTime | undefined {
  if (text === 'mtime') return undefined
  const pattern = /^\/(.+)\/$/s.exec(text)?.[1]
  if (pattern !== undefined) return byPattern(where, pattern)
  const path = text.split('.')
  if (path.includes('')) {
    throw new InvalidOptionError(
      `${where}: '${text}' is no place of a time. Write mtime, a field such as at or meta.at, or /a pattern/.`,
    )
  }
  return (line) => timeOf(fieldOf(line, path))
}

function byPattern(where: string, pattern: string): LineTime {
  let expression: RegExp
  try {
    expression = new RegExp(pattern)
  } catch (cause) {
    throw new InvalidOptionError(`${where}: /${pattern}/ is no regular expression.`, { cause })
  }
  return (line) => {
    const [whole, group] = expression.exec(line.toString('utf8')) ?? []
    return timeOf(group ?? whole)
  }
}

function fieldOf(line: Buffer, path: readonly string[]): unknown {
  let value: unknown
  try {
    value = JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

/** As for offsets, 13 digits are milliseconds, and up to 11 are seconds until the year 5138. */
const SECONDS_BELOW = 100_000_000_000

/** A time as it stands in data: a number, digits, what ISO 8601 has, or a server's log. What does not say where it is, is UTC. */
export function timeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number === 'number') {
    const time = Math.floor(number < SECONDS_BELOW ? number * 1000 : number)
    return Number.isSafeInteger(time) && time >= 0 ? time : undefined
  }
  if (typeof value !== 'string') return undefined
  const time = Date.parse(inUtc(value.trim()) ?? '')
  return Number.isNaN(time) || time < 0 ? undefined : time
}

/** Undefined: of no form that is known. `Date.parse` alone finds a time in any text with a number, of this machine's zone, and of 2001 where no year is said. */
function inUtc(text: string): string | undefined {
  const iso =
    /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?$/.exec(text)
  if (iso) {
    const zone = /^[+-]/.test(iso[5] ?? '') ? iso[5]?.replace(/(\d\d):?(\d\d)$/, '$1:$2') : 'Z'
    return `${iso[1]}-${iso[2]}-${iso[3]}T${iso[4]?.replace(',', '.') ?? '00:00'}${zone}`
  }
  // [31/Jan/2026:12:00:00 +0000], https://httpd.apache.org/docs/2.4/logs.html#common
  const log = /^\[?(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]?$/.exec(text)
  if (log) return `${log[1]} ${log[2]} ${log[3]} ${log[4]} ${log[5]}`
  // [Sat Jan 31 12:00:00.123456 2026], its log of errors
  const errors = /^\[?(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d(?:\.\d+)?) (\d{4})\]?$/.exec(text)
  if (errors) return `${errors[2]} ${errors[1]} ${errors[4]} ${errors[3]} +0000`
  // Sat, 31 Jan 2026 12:00:00 GMT, RFC 5322
  return /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})$/.exec(text)?.[0]
}
