// How elements become lines of an object: text as Spark's saveAsTextFiles prints them, NDJSON, CSV.

import { InvalidOptionError } from '../errors/errors.ts'
import { isPlain, jsonOf } from './json-form.ts'

/** Turns the elements of one part into an object: its bytes, or its text. */
export interface Encoder<T> {
  readonly contentType: string
  /** What the names of objects end in. Default: nothing. */
  readonly extension?: string
  encode(elements: readonly T[]): string | Uint8Array
  /** One text per element of an object, for tests. Default: its lines. */
  read?(body: Uint8Array): readonly string[]
}

/** Into lines, each ended with `\n`. */
export interface LineEncoder<T> extends Encoder<T> {
  encode(elements: readonly T[]): string
}

/**
 * An element as Spark prints it: a text as it is, a pair or tuple as `(a,1)`, `Map(a -> 1)`, `Set(1, 2)`, bytes as
 * `Uint8Array(1, 2)`, other objects as JSON. Source of the layout: Scala's `toString`, which `saveAsTextFiles` and `print` use.
 *
 * @throws TypeError for an object of which JSON would lose something, RangeError for an invalid Date.
 */
export function formatElement(element: unknown): string {
  if (typeof element === 'string') return element
  if (Array.isArray(element)) return `(${joined(element)})`
  return typeof element === 'object' && element !== null ? formatObject(element) : String(element)
}

function formatObject(object: object): string {
  if (object instanceof Date) return object.toISOString()
  if (object instanceof Map) {
    return `Map(${Array.from(object, ([key, value]) => `${formatElement(key)} -> ${formatElement(value)}`).join(', ')})`
  }
  if (object instanceof Set) return `Set(${Array.from(object, formatElement).join(', ')})`
  return isTypedArray(object) ? `${object.constructor.name}(${object.join(', ')})` : jsonOf(object, 'Text')
}

function isTypedArray(
  object: object,
): object is Exclude<ArrayBufferView, DataView> & { join(separator: string): string } {
  return ArrayBuffer.isView(object) && !(object instanceof DataView)
}

/** UTF-8 has no form for half of a surrogate pair, and writers put U+FFFD in its place without a word. */
function wellFormed(lines: string, elements: readonly unknown[]): string {
  if (lines.isWellFormed()) return lines
  const index = elements.findIndex((element) => !formatElement(element).isWellFormed())
  throw new TypeError(
    `element ${Math.max(index, 0)} holds half of a surrogate pair, for which UTF-8 has no form; map it with toWellFormed(), or write NDJSON, which escapes it`,
  )
}

/** A loop, not `map` and `join`: it takes half the time for pairs, which are what most jobs write. */
function joined(elements: readonly unknown[]): string {
  let line = ''
  for (let i = 0; i < elements.length; i++) line += (i === 0 ? '' : ',') + formatElement(elements[i])
  return line
}

/** One element per line. */
export const textLines: LineEncoder<unknown> = {
  contentType: 'text/plain; charset=utf-8',
  encode(elements) {
    let lines = ''
    for (const element of elements) lines += `${formatElement(element)}\n`
    return wellFormed(lines, elements)
  },
}

/** One JSON value per line, https://github.com/ndjson/ndjson-spec. */
export const ndjsonLines: LineEncoder<unknown> = {
  contentType: 'application/x-ndjson',
  encode(elements) {
    let lines = ''
    for (const element of elements) lines += `${jsonOf(element, 'NDJSON')}\n`
    return lines
  },
}

/** Which columns comma-separated values have (RFC 4180). */
export interface CsvOptions {
  /**
   * Names of the properties (or indexes of the tuple) to write, in order; others are left out. Needed for objects. Default: of
   * tuples their indexes, of texts, numbers and other single values the one column `value`.
   */
  readonly columns?: readonly string[]
  /** Whether every part starts with a line of column names. Default true. */
  readonly header?: boolean
}

/** Comma-separated values as RFC 4180 has them (but with `\n`): quoted when a comma, quote or line break is inside. */
export function csvLines({ columns, header = true }: CsvOptions = {}): LineEncoder<unknown> {
  if (columns?.length === 0) throw new InvalidOptionError('saveAsCsvFiles: columns is empty. Name at least one column.')
  return {
    contentType: 'text/csv; charset=utf-8',
    read: (body) =>
      new TextDecoder()
        .decode(body)
        .split('\n')
        .slice(header ? 1 : 0, -1),
    encode(elements) {
      if (elements.length === 0) return ''
      const rows = elements.map((element) => (columns ? chosen(plain(element), columns) : ownRow(element)))
      let lines = header ? csvLine(columns ?? namesOf(rows)) : ''
      for (const { fields } of rows) lines += csvLine(fields)
      return wellFormed(lines, elements)
    },
  }
}

interface Row {
  readonly names: readonly string[]
  readonly fields: readonly unknown[]
}

function chosen(element: unknown, names: readonly string[]): Row {
  return { names, fields: names.map((name) => fieldOf(element, name)) }
}

/**
 * An element that says itself which columns it has. Objects do not: each may have others, and the columns of the first of a
 * part would depend on how the topic was cut into micro-batches, and with them what is lost.
 */
function ownRow(element: unknown): Row {
  const form = plain(element)
  const isRecord = form !== element && isFields(form) // of one class, so always the same
  if (!isRecord && !Array.isArray(form) && !(isFields(form) && isPlain(form)))
    return { names: ['value'], fields: [form] }
  const [names, fields] = [Object.keys(Object(form)), Object.values(Object(form))]
  if (names.length === 0) {
    throw new TypeError('CSV cannot hold an element without fields; map it to an object or a tuple first')
  }
  if (isRecord || Array.isArray(form)) return { names, fields: Array.isArray(form) ? form : fields }
  throw new TypeError(
    `CSV has to be told the columns of objects, or a property that only some of them have would be lost: saveAsCsvFiles(…, { columns: ${jsonOf(names, 'CSV')} })`,
  )
}

/** Tuples are of one length, or the longest names the columns; every row has all of its fields in any case. */
function namesOf(rows: readonly Row[]): readonly string[] {
  return rows.reduce<readonly string[]>((longest, { names }) => (names.length > longest.length ? names : longest), [])
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
