// Values out of DuckDB. What has an exact form among our values (DESIGN §2a) gets that, by its type and never by how large it happens to
// be; what has none is its text, as DuckDB writes it; what would be changed on the way is an error.

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type { Declared, SqlValue } from './columns.ts'
import type { DuckDB } from './engine.ts'
import { kindOf } from './kinds.ts'
import { Misfit } from './misfit.ts'

/** @throws Misfit */
export type Read = (value: DuckDBValue) => SqlValue

/** How values of a column are read; `declared` as the job wants them. @throws Misfit when the column can never be that */
export function readerOf(duckdb: DuckDB, type: DuckDBType, declared: Declared | undefined): Read {
  const read = plainReader(duckdb, type)
  if (declared === undefined) return read
  return (value) => {
    const found = read(value)
    const wanted = declared.is === 'number' || declared.is === 'bigint' ? numeric(declared.is, found, type) : found
    checkDeclared(wanted, declared, type)
    return wanted
  }
}

/** `decimal` is text with digits; the others are what `kindOf` takes them for. */
function checkDeclared(value: SqlValue, declared: Declared, type: DuckDBType): void {
  try {
    kindOf(declared, value)
  } catch (error) {
    if (error instanceof Misfit) throw new Misfit(`${error.message}; in DuckDB it is ${type}`)
    throw error
  }
}

/** Whole numbers and decimals, as the job wants them, when nothing is lost. */
function numeric(wanted: 'number' | 'bigint', value: SqlValue, type: DuckDBType): SqlValue {
  const isDecimal = typeof value === 'string' && type.toString().startsWith('DECIMAL')
  if (wanted === 'bigint') {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    return isDecimal && /^-?\d+(\.0+)?$/.test(value) ? BigInt(value.replace(/\..*/, '')) : value
  }
  if (typeof value === 'bigint') {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw new Misfit(`${value} is beyond the whole numbers that a number holds: declare it as bigint`)
  }
  if (!isDecimal) return value
  // A double keeps 15 digits whatever they are.
  if (value.replace(/[-.]/g, '').replace(/^0+/, '').length <= 15) return Number(value)
  throw new Misfit(`${value} has more than the 15 digits that a number surely keeps: declare it as decimal`)
}

function plainReader(duckdb: DuckDB, type: DuckDBType): Read {
  const { DuckDBListType, DuckDBArrayType, DuckDBStructType, DuckDBMapType } = duckdb
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const read = plainReader(duckdb, type.valueType)
    const { DuckDBListValue, DuckDBArrayValue } = duckdb
    return (value) =>
      value instanceof DuckDBListValue || value instanceof DuckDBArrayValue ? value.items.map(read) : null
  }
  if (type instanceof DuckDBStructType) {
    checkFields(type.entryNames)
    const reads = type.entryTypes.map((of) => plainReader(duckdb, of))
    return (value) => {
      if (!(value instanceof duckdb.DuckDBStructValue)) return null
      const { entries } = value
      const fields = type.entryNames.map((name, i) => [name, reads[i]?.(entries[name] ?? null) ?? null] as const)
      return Object.fromEntries(fields)
    }
  }
  if (type instanceof DuckDBMapType) {
    const [readKey, readValue] = [plainReader(duckdb, type.keyType), plainReader(duckdb, type.valueType)]
    return (value) =>
      value instanceof duckdb.DuckDBMapValue
        ? new Map(value.entries.map(({ key, value: of }) => [readKey(key), readValue(of)] as const))
        : null
  }
  return (value) => scalar(duckdb, value)
}

/** The package gives a struct as an object, and of two fields of one name only one is in it. */
function checkFields(names: readonly string[]): void {
  if (names.length > new Set(names).size || names.includes('')) {
    throw new Misfit("a struct with fields that have no names: write {'a': 1, 'b': 2} for row(1, 2)")
  }
  if (names.includes('__proto__')) throw new Misfit('a struct with a field __proto__: give it another name')
}

const DAY = 86_400_000

function scalar(duckdb: DuckDB, value: DuckDBValue): SqlValue {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof duckdb.DuckDBDecimalValue) return decimalText(value.value, value.scale)
  if (value instanceof duckdb.DuckDBTimestampValue || value instanceof duckdb.DuckDBTimestampTZValue) {
    return dateOf(value.micros, 1000n, value)
  }
  if (value instanceof duckdb.DuckDBTimestampNanosecondsValue) return dateOf(value.nanos, 1_000_000n, value)
  if (value instanceof duckdb.DuckDBTimestampMillisecondsValue) return dateOf(value.millis, 1n, value)
  if (value instanceof duckdb.DuckDBTimestampSecondsValue) return dateOf(value.seconds * 1000n, 1n, value)
  if (value instanceof duckdb.DuckDBDateValue) return dateOf(BigInt(value.days) * BigInt(DAY), 1n, value)
  if (value instanceof duckdb.DuckDBBlobValue) return Uint8Array.from(value.bytes)
  if (value instanceof duckdb.DuckDBUnionValue) return scalar(duckdb, value.value)
  if (value instanceof duckdb.DuckDBListValue) return value.items.map((item) => scalar(duckdb, item))
  if (value instanceof duckdb.DuckDBVariantValue) throw new Misfit('a VARIANT: cast it to what it is')
  return value.toString()
}

function dateOf(count: bigint, perMillisecond: bigint, value: { toString(): string }): Date {
  const date = new Date(Number(count / perMillisecond))
  if (Number.isNaN(date.getTime())) throw new Misfit(`${value} is beyond what a Date can be: cast it to text`)
  if (count % perMillisecond !== 0n) {
    throw new Misfit(
      `${value} has more than the milliseconds that a Date has: cast it, as in at::timestamp_ms, or to text, or take epoch_us(at)`,
    )
  }
  return date
}

/** DuckDB's own text of it has the comma of the machine's language. */
function decimalText(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : ''
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  return scale === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}
