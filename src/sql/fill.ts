// Columns into DuckDB: whole chunks of them, since a statement per row takes fifty times as long (docs/bench.md).

import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type { Declared } from './columns.ts'
import type { DuckDB } from './engine.ts'
import { decimalDigits, structOf } from './kinds.ts'
import type { Table } from './table.ts'

/** Rows in a chunk: DuckDB's STANDARD_VECTOR_SIZE. */
const CHUNK = 2048

/** Stands in a table of which nothing is known: SQL has none without columns. */
const NO_COLUMNS = { name: 'no columns', kind: undefined, values: [] }

/** Makes a table that only this connection sees, and that goes with it. */
export async function fill(duckdb: DuckDB, connection: DuckDBConnection, table: Table): Promise<void> {
  const columns = table.columns.length === 0 ? [NO_COLUMNS] : table.columns
  const types = columns.map(({ kind }) => typeOf(duckdb, kind))
  const declared = columns.map(({ name }, i) => `${quoted(name)} ${types[i]}`)
  await connection.run(`create temp table ${quoted(table.name)} (${declared.join(', ')})`)
  if (table.rows === 0) return
  const appender = await connection.createAppender(table.name, 'main', 'temp')
  for (let from = 0; from < table.rows; from += CHUNK) {
    const count = Math.min(CHUNK, table.rows - from)
    const chunk = duckdb.DuckDBDataChunk.create(types, count)
    for (const [i, { kind, values }] of columns.entries()) {
      const cells: DuckDBValue[] = []
      for (let row = from; row < from + count; row++) cells.push(valueFor(duckdb, kind, values[row]))
      chunk.setColumnValues(i, cells)
    }
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What is null in every row is text: that can be compared with most. */
function typeOf(duckdb: DuckDB, kind: Declared | undefined): DuckDBType {
  switch (kind?.is) {
    case 'number':
      return duckdb.DOUBLE
    case 'bigint':
      return duckdb.BIGINT
    case 'hugeint':
      return duckdb.HUGEINT
    case 'boolean':
      return duckdb.BOOLEAN
    case 'date':
      return duckdb.TIMESTAMP
    case 'bytes':
      return duckdb.BLOB
    case 'decimal':
      return duckdb.DECIMAL(kind.width, kind.scale)
    case 'list':
      return duckdb.LIST(typeOf(duckdb, kind.of))
    case 'map':
      return duckdb.MAP(typeOf(duckdb, kind.key), typeOf(duckdb, kind.value))
    case 'struct':
      return duckdb.STRUCT(Object.fromEntries([...kind.fields].map(([name, of]) => [name, typeOf(duckdb, of)])))
    default:
      return duckdb.VARCHAR
  }
}

/** The value is of that kind: kinds were told from the values. */
function valueFor(duckdb: DuckDB, kind: Declared | undefined, value: unknown): DuckDBValue {
  if (value === undefined || value === null || kind === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    if (kind.is === 'decimal') {
      return new duckdb.DuckDBDecimalValue(decimalDigits(value, kind) ?? 0n, kind.width, kind.scale)
    }
    return typeof value === 'number' && kind.is !== 'number' ? BigInt(value) : value
  }
  if (typeof value === 'boolean') return value
  if (value instanceof Date) return new duckdb.DuckDBTimestampValue(BigInt(value.getTime()) * 1000n)
  if (value instanceof Uint8Array) return new duckdb.DuckDBBlobValue(value)
  if (kind.is === 'list') {
    const items = Array.isArray(value) || value instanceof Set ? [...value] : []
    return new duckdb.DuckDBListValue(items.map((item) => valueFor(duckdb, kind.of, item)))
  }
  if (kind.is === 'map') {
    const entries = value instanceof Map ? [...value] : []
    return new duckdb.DuckDBMapValue(
      entries.map(([key, of]) => ({
        key: valueFor(duckdb, kind.key, key),
        value: valueFor(duckdb, kind.value, of),
      })),
    )
  }
  const struct = structOf(value)
  const fields = kind.is === 'struct' ? [...kind.fields] : []
  return new duckdb.DuckDBStructValue(
    Object.fromEntries(
      fields.map(([name, of]) => [
        name,
        valueFor(duckdb, of, Object.hasOwn(struct, name) ? Reflect.get(struct, name) : undefined),
      ]),
    ),
  )
}
