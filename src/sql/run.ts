// A statement over tables that are made for it, and gone after it. Nothing is kept between statements but the engine: what a statement
// gives depends on the statement and its tables alone (I8).

import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidOptionError, MillraceError } from '../errors/errors.ts'
import { SqlColumnError, SqlError } from '../errors/sql-errors.ts'
import type { Declared, SqlValue } from './columns.ts'
import { type DuckDB, type Engine, engine } from './engine.ts'
import { fill } from './fill.ts'
import { Misfit, placed } from './misfit.ts'
import { type Call, checkCall, type Query } from './options.ts'
import { type Read, readerOf } from './read.ts'
import { type Table, tableOf } from './table.ts'
import { checkTableFunctions } from './table-functions.ts'

/** @throws SqlError, SqlColumnError, SqlMissingError, InvalidOptionError */
export async function runSql(call: Call): Promise<unknown[]> {
  const query = checkCall(call)
  const tables = query.tables.map((input) => tableOf(input, query.batch))
  const { duckdb, connect }: Engine = await engine()
  const connection = await connect()
  try {
    const { names, columns } = await answer(duckdb, connection, query, tables)
    const rows = rowsOf(names, columns(query.columns))
    return query.schema ? validated(query.schema, rows, query.batch) : rows
  } finally {
    connection.closeSync()
  }
}

interface Answer {
  readonly names: readonly string[]
  columns(declared: ReadonlyMap<string, Declared> | undefined): SqlValue[][]
}

async function answer(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  query: Query,
  tables: readonly Table[],
): Promise<Answer> {
  try {
    for (const table of tables) await fill(duckdb, connection, table)
    const result = await resultOf(duckdb, connection, query.statement)
    const chunks = await result.fetchAllChunks()
    const names = result.columnNames()
    checkNames(names, query.batch)
    return {
      names,
      columns(declared) {
        if (declared) checkDeclared(names, declared, query.batch)
        return names.map((name, i) => {
          const type = result.columnType(i)
          const values: SqlValue[] = []
          placed(
            { batch: query.batch, table: 'result' },
            name,
            () => values.length,
            () => {
              const read: Read = readerOf(duckdb, type, declared?.get(name))
              for (const chunk of chunks) for (const value of chunk.getColumnValues(i)) values.push(read(value))
            },
          )
          return values
        })
      },
    }
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw new SqlError(query.batch, query.statement, error, adviceFor(tables))
  }
}

/** One statement that reads: one that makes a table or changes a setting would be seen by later batches. */
async function resultOf(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  statement: string,
): Promise<DuckDBMaterializedResult> {
  const statements = await connection.extractStatements(statement)
  if (statements.count !== 1) {
    throw new Misfit(
      `sql() takes one statement, and this is ${statements.count} (a pivot without IN counts as several)`,
    )
  }
  const prepared = await statements.prepare(0)
  if (prepared.statementType !== duckdb.StatementType.SELECT) {
    throw new Misfit('sql() takes a statement that reads: SELECT, WITH, FROM, VALUES')
  }
  if (prepared.parameterCount > 0) {
    throw new Misfit(
      'the statement has parameters, and sql() has none: give a table with one row that holds the values',
    )
  }
  await checkTableFunctions(connection, statement)
  return prepared.run()
}

/** What DuckDB's message cannot say: of an empty list nobody knows the columns. */
function adviceFor(tables: readonly Table[]): string {
  const unknown = tables.flatMap(({ name, columns }) => {
    if (columns.length === 0) return [name]
    return columns.flatMap((column) => (column.kind === undefined ? [`${name}.${column.name}`] : []))
  })
  if (unknown.length === 0) return ''
  return `Nothing is known of ${unknown.join(', ')}, which has no rows here or only nulls: declare its columns (docs/guide/sql.md).\n`
}

function checkNames(names: readonly string[], batch: string): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return
  throw new SqlColumnError(
    batch,
    'result',
    twice,
    undefined,
    'there are two of this name: give one of them another with AS',
  )
}

function checkDeclared(names: readonly string[], declared: ReadonlyMap<string, Declared>, batch: string): void {
  for (const name of declared.keys()) {
    if (names.includes(name)) continue
    const problem = `it is declared, and the statement gives ${names.join(', ')}`
    throw new SqlColumnError(batch, 'result', name, undefined, problem)
  }
  const more = names.find((name) => !declared.has(name))
  if (more === undefined) return
  const problem = `the statement gives it, and declared are ${[...declared.keys()].join(', ')}`
  throw new SqlColumnError(batch, 'result', more, undefined, problem)
}

/** Fields are made one by one: a column may be called `__proto__`. */
function rowsOf(names: readonly string[], columns: readonly (readonly SqlValue[])[]): Record<string, SqlValue>[] {
  const [first = []] = columns
  return first.map((_, row) => {
    const fields = names.map((name, i): [string, SqlValue] => [name, columns[i]?.[row] ?? null])
    return Object.fromEntries(fields)
  })
}

function validated(schema: StandardSchemaV1, rows: readonly unknown[], batch: string): unknown[] {
  return rows.map((row, at) => {
    const result = schema['~standard'].validate(row)
    if (result instanceof Promise) throw new InvalidOptionError('sql, returns: the schema validates asynchronously.')
    if (!result.issues) return result.value
    const [{ message, path = [] } = { message: 'no' }] = result.issues
    const column = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    throw new SqlColumnError(batch, 'result', column, at, `the schema says ${message}`)
  })
}
