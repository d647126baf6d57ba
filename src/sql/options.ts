// What `sql` of a batch takes, and its check.

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import { checkColumns, type Declared, isName, type SqlColumns } from './columns.ts'
import type { TableInput } from './table.ts'

/** Rows, and what their columns hold. */
export interface SqlTable {
  /** Anything iterable: objects, pairs, or what stands alone. */
  readonly rows: Iterable<unknown>
  /** Its columns, whatever else rows have. */
  readonly columns: SqlColumns
}

/** What a statement may name besides the batch. */
export interface SqlOptions {
  /**
   * Other tables, by name: any iterable, a batch too; an object's fields are columns, a pair has `key` and `value`, anything else is `value`. Of one that
   * may be empty say the columns as well: `{ rows, columns: { user: 'text' } }`.
   */
  readonly tables?: Readonly<Record<string, Iterable<unknown> | SqlTable>>
  /** Columns of the batch, where they cannot be told from its elements: it may be empty. Default: what the elements have. */
  readonly columns?: SqlColumns
}

/** What the rows of the result are: columns by name, or a schema (https://standardschema.dev). */
export interface SqlReturns<R> {
  /** The columns of the result, no more and no less, or a schema of its rows. */
  readonly returns: R
}

const OPTIONS = ['tables', 'columns', 'returns']

/** What `sql` is called with: a batch, by its id, and the statement. */
export interface Call {
  readonly id: string
  readonly elements: Iterable<unknown>
  readonly statement: string
  readonly options: SqlOptions & Partial<SqlReturns<SqlColumns | StandardSchemaV1>>
}

/** A statement, what it is about, and what comes of it. */
export interface Query {
  /** The batch's id, for messages. */
  readonly batch: string
  readonly statement: string
  readonly tables: readonly TableInput[]
  readonly columns: ReadonlyMap<string, Declared> | undefined
  readonly schema: StandardSchemaV1 | undefined
}

/** @throws InvalidOptionError */
export function checkCall({ id, elements, statement, options }: Call): Query {
  checkKnownOptions('sql', options, OPTIONS)
  if (typeof statement !== 'string' || statement.trim() === '') {
    throw new InvalidOptionError('sql: expected a statement, such as select * from batch.')
  }
  const { tables = {}, columns, returns } = options
  if (!isObject(tables))
    throw new InvalidOptionError(`sql, tables: expected tables by name, got ${describeValue(tables)}.`)
  const batch = {
    name: 'batch',
    rows: elements,
    columns: columns === undefined ? undefined : checkColumns('sql, columns', columns),
  }
  const inputs = [batch, ...Object.entries(tables).map(([name, table]) => tableInput(name, table))]
  checkTableNames(inputs.map(({ name }) => name))
  const rest = { batch: id, statement, tables: inputs }
  if (isSchema(returns)) return { ...rest, columns: undefined, schema: returns }
  return {
    ...rest,
    columns: returns === undefined ? undefined : checkColumns('sql, returns', returns),
    schema: undefined,
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isSchema(returns: unknown): returns is StandardSchemaV1 {
  return isObject(returns) && '~standard' in returns
}

function tableInput(name: string, table: Iterable<unknown> | SqlTable): TableInput {
  const where = `sql, tables.${name}`
  if (typeof table === 'object' && table !== null) {
    if (Symbol.iterator in table) return { name, rows: table, columns: undefined }
    checkKnownOptions(where, table, ['rows', 'columns'])
    if (isObject(table.rows) && Symbol.iterator in table.rows) {
      return { name, rows: table.rows, columns: checkColumns(`${where}.columns`, table.columns) }
    }
  }
  throw new InvalidOptionError(`${where}: expected rows: a list, a batch or another iterable, or { rows, columns }.`)
}

function checkTableNames(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (!isName(name)) throw new InvalidOptionError(`sql, tables: ${JSON.stringify(name)} is no name in SQL.`)
    if (seen.has(name.toLowerCase())) {
      throw new InvalidOptionError(
        `sql, tables: there is a table '${name}' already; SQL knows no case, and batch is this batch.`,
      )
    }
    seen.add(name.toLowerCase())
  }
}
