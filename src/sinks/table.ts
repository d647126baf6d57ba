// Standard output as a table, as Structured Streaming's console sink shows a batch. At least once, as `print` is.

import { InvalidOptionError } from '../errors/errors.ts'
import { formatElement } from '../formats/encode.ts'
import { checkKnownOptions } from '../options/options.ts'
import { checkCount, headed } from './console.ts'
import type { Sink } from './sink.ts'

/** How `printTable` shows cells. */
export interface TableOptions {
  /** Cells that are longer are cut to so many characters, and cells stand on the right. `false`, or 0: nothing is cut, and they stand on the left. Default 20. */
  readonly truncate?: number | boolean
}

interface Layout {
  /** The batch interval, milliseconds. */
  readonly batch: number
  readonly count: number
  /** 0: nothing is cut. */
  readonly truncate: number
  readonly which: string
}

/** @throws InvalidOptionError when `count` is no number of rows, or `truncate` no number of characters. */
export function printedTable(batch: number, count: number, options: TableOptions = {}): Sink {
  checkKnownOptions('printTable', options, ['truncate'])
  const { truncate = true } = options
  const characters = typeof truncate === 'boolean' ? Number(truncate) * 20 : truncate
  if (!Number.isInteger(characters) || characters < 0)
    throw new InvalidOptionError(
      `printTable, truncate: must be a whole number of characters, true or false, got ${truncate}.`,
    )
  return table({ batch, count: checkCount('printTable', count), truncate: characters, which: '' })
}

/** Source of the layout: `ConsoleWriter.printRows` of org.apache.spark.sql.execution.streaming.sources. */
function table(layout: Layout): Sink {
  const { batch, count, truncate, which } = layout
  return {
    name: { numbered: 'print' },
    places: [],
    takes: count + 1, // one more than is shown tells whether there are more
    promise: (elements) => ({ lines: elements.map((element) => JSON.stringify(rowOf(element, truncate))) }),
    complete: (time, lines) => {
      const text = showString(lines().map(readRow), count, truncate)
      return [{ kind: 'print', text: `${headed(`Batch: ${time / batch}`, which).join('\n')}\n${text}` }]
    },
    among: (label) => table({ ...layout, which: label }),
  }
}

/** Columns and what stands in them, one after the other. */
type Row = readonly (readonly [column: string, cell: string])[]

function readRow(line: string): Row {
  const row: unknown = JSON.parse(line)
  if (!Array.isArray(row)) return []
  return row.map((pair: unknown) => (Array.isArray(pair) ? [String(pair[0]), String(pair[1])] : ['', '']))
}

/** As Spark names them: `_1`, `_2` of tuples, names of properties, `value` for what is neither. */
function rowOf(element: unknown, truncate: number): Row {
  return columnsOf(element).map(([name, value]) => [escaped(name), cut(escaped(cellOf(value)), truncate)])
}

function columnsOf(element: unknown): [string, unknown][] {
  if (Array.isArray(element)) return element.map((value: unknown, i) => [`_${i + 1}`, value])
  return isStruct(element) ? Object.entries(element) : [['value', element]]
}

function isStruct(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Date || value instanceof Map || value instanceof Set) return false
  return !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** Source: `ToPrettyString` of org.apache.spark.sql.catalyst.expressions. Times are in UTC: a function has no time zone of its own. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return timestamp(value)
  if (value instanceof Uint8Array) return `[${Array.from(value, hex).join(' ')}]`
  if (value instanceof Map)
    return `{${Array.from(value, ([key, held]) => `${cellOf(key)} -> ${cellOf(held)}`).join(', ')}}`
  if (value instanceof Set || Array.isArray(value)) return `[${Array.from(value, cellOf).join(', ')}]`
  return isStruct(value) ? `{${Object.values(value).map(cellOf).join(', ')}}` : formatElement(value)
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')

/** `2026-11-30 18:42:19.5`: the fraction without zeros at its end, none when it is zero. */
function timestamp(date: Date): string {
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, '')
}

/** Source: `SchemaUtils.escapeMetaCharacters`. */
const ESCAPES = [
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\f', '\\f'],
  ['\b', '\\b'],
  ['\v', '\\v'],
  ['\u0007', '\\a'],
] as const

function escaped(text: string): string {
  return ESCAPES.reduce((rest, [character, shown]) => rest.replaceAll(character, shown), text)
}

function cut(text: string, truncate: number): string {
  if (truncate === 0 || text.length <= truncate) return text
  return truncate < 4 ? text.slice(0, truncate) : `${text.slice(0, truncate - 3)}...`
}

const LEAST_WIDTH = 3

/**
 * Source: `Dataset.showString` of org.apache.spark.sql, and the empty line of `show`'s println. Rows that differ in their columns have
 * those of all; a batch without rows has none, as nothing says which there would be.
 */
function showString(all: readonly Row[], count: number, truncate: number): string {
  const rows = all.slice(0, count)
  const columns = [...new Set(rows.flatMap((row) => row.map(([name]) => name)))]
  const cells = rows.map((row) => {
    const byName = new Map(row)
    return columns.map((name) => byName.get(name) ?? 'NULL')
  })
  const lines = [columns, ...cells]
  const widths = columns.map((_, i) => lines.reduce((most, line) => Math.max(most, halfWidth(line[i])), LEAST_WIDTH))
  const rule = `+${widths.map((width) => '-'.repeat(width)).join('+')}+`
  const [header, ...body] = lines.map((line) => {
    const padded = line.map((cell, i) => {
      const blanks = ' '.repeat((widths[i] ?? 0) - halfWidth(cell))
      return truncate > 0 ? blanks + cell : cell + blanks
    })
    return `|${padded.join('|')}|`
  })
  const more = all.length > count ? [`only showing top ${count} ${count === 1 ? 'row' : 'rows'}`] : []
  return `${[rule, header, rule, ...body, rule, ...more].join('\n')}\n`
}

/** Characters that take two places on a terminal. Source: `Utils.fullWidthRegex` of org.apache.spark.util. */
const FULL_WIDTH =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/g

function halfWidth(text = ''): number {
  return text.length + (text.match(FULL_WIDTH)?.length ?? 0)
}
