// How elements become lines of an object: text as Spark's saveAsTextFiles prints them, NDJSON, CSV.

import { InvalidOptionError } from '../errors.ts'

/** Turns the elements of one part into the object's text, every line ended with `\n`. */
export interface Encoder<T> {
  readonly contentType: string
  /** Whether every part starts with a line of names. */
  readonly header?: boolean
  encode(elements: readonly T[]): string
}

/**
 * An element as Spark prints it: a text as it is, a pair or tuple as `(a,1)`, other objects as JSON.
 * Source of the layout: Scala's `Tuple2.toString`, which `saveAsTextFiles` and `print` use.
 */
export function formatElement(element: unknown): string {
  if (typeof element === 'string') return element
  if (Array.isArray(element)) return `(${joined(element)})`
  if (typeof element === 'object' && element !== null) {
    return element instanceof Date ? element.toISOString() : JSON.stringify(element)
  }
  return String(element)
}

/** A loop, not `map` and `join`: it takes half the time for pairs, which are what most jobs write. */
function joined(elements: readonly unknown[]): string {
  let line = ''
  for (let i = 0; i < elements.length; i++) line += (i === 0 ? '' : ',') + formatElement(elements[i])
  return line
}

/** One element per line. */
export const textLines: Encoder<unknown> = {
  contentType: 'text/plain; charset=utf-8',
  encode(elements) {
    let lines = ''
    for (const element of elements) lines += `${formatElement(element)}\n`
    return lines
  },
}

/** One JSON value per line, https://github.com/ndjson/ndjson-spec. */
export const ndjsonLines: Encoder<unknown> = {
  contentType: 'application/x-ndjson',
  encode(elements) {
    let lines = ''
    for (const element of elements) {
      const line = JSON.stringify(element)
      if (line === undefined) throw new TypeError(`NDJSON cannot hold ${String(element)}; map it to a JSON value first`)
      lines += `${line}\n`
    }
    return lines
  },
}

export interface CsvOptions {
  /** Names of the properties (or indexes of the tuple) to write, in order. Default: the keys of the part's first element. */
  readonly columns?: readonly string[]
  /** Whether every part starts with a line of column names. Default true. */
  readonly header?: boolean
}

/** Comma-separated values as RFC 4180 has them (but with `\n`): quoted when a comma, quote or line break is inside. */
export function csvLines({ columns, header = true }: CsvOptions = {}): Encoder<unknown> {
  if (columns?.length === 0) throw new InvalidOptionError('saveAsCsvFiles: columns is empty. Name at least one column.')
  return {
    contentType: 'text/csv; charset=utf-8',
    header,
    encode(elements) {
      if (elements.length === 0) return ''
      const names = columns ?? columnsOf(plain(elements[0]))
      if (names.length === 0) {
        throw new TypeError('CSV cannot hold an element without fields; map it to an object or a tuple first')
      }
      let lines = header ? csvLine(names) : ''
      for (const element of elements) {
        const row = plain(element)
        lines += csvLine(names.map((name) => fieldOf(row, name)))
      }
      return lines
    },
  }
}

/** Of what has a JSON form (records, dates) that form: their own fields are not enumerable. */
function plain(element: unknown): unknown {
  if (!isFields(element) || !('toJSON' in element) || typeof element.toJSON !== 'function') return element
  return element.toJSON()
}

const isEnumerable = Object.prototype.propertyIsEnumerable

/** Own properties only: a column named `constructor` is empty, not a function. What is no object is one column, `value`. */
function fieldOf(element: unknown, name: string): unknown {
  if (!isFields(element)) return name === 'value' ? element : undefined
  return isEnumerable.call(element, name) ? element[name] : undefined
}

function columnsOf(element: unknown): string[] {
  return isFields(element) ? Object.keys(element) : ['value']
}

function isFields(element: unknown): element is Readonly<Record<string, unknown>> {
  return typeof element === 'object' && element !== null
}

function csvLine(fields: readonly unknown[]): string {
  const line = fields.map(csvField).join(',')
  return `${line === '' ? '""' : line}\n` // most readers skip an empty line, and with it the element
}

function csvField(field: unknown): string {
  if (field === undefined || field === null) return ''
  if (typeof field === 'number') return String(field) // nothing to quote
  const written = formatElement(field)
  return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written
}
