// From elements to columns: what a row is, and what each column holds. What it holds is told by its values and not by how large they
// are, so that a statement means the same in every batch: a number is a DOUBLE, 1 as well as 1.5.

import { describeValue } from '../errors/describe-value.ts'
import { SqlColumnError } from '../errors/sql-errors.ts'
import { formOf, isComposite, standIn } from '../values/value.ts'
import { type Declared, isName } from './columns.ts'
import { kindOf } from './kinds.ts'
import { type Place, placed } from './misfit.ts'

/** What becomes a table. */
export interface TableInput {
  readonly name: string
  readonly rows: Iterable<unknown>
  readonly columns: ReadonlyMap<string, Declared> | undefined
}

export interface Column {
  readonly name: string
  /** Undefined: nothing but nulls. */
  readonly kind: Declared | undefined
  /** One for each row; undefined is null. */
  readonly values: readonly unknown[]
}

export interface Table {
  readonly name: string
  readonly rows: number
  readonly columns: readonly Column[]
}

/** @throws SqlColumnError for rows of different kinds, and for values that do not fit their column. */
export function tableOf({ name, rows, columns }: TableInput, batch: string): Table {
  const place: Place = { batch, table: name }
  const all = Array.isArray(rows) ? rows : [...rows]
  const values = columns ? declaredValues(all, columns, place) : seenValues(all, place)
  return {
    name,
    rows: all.length,
    columns: [...values].map(([column, cells]) => {
      let at = 0
      const kind = placed(
        place,
        column,
        () => at,
        () => {
          let known = columns?.get(column)
          for (; at < cells.length; at++) known = kindOf(known, cells[at])
          return known
        },
      )
      return { name: column, kind, values: cells }
    }),
  }
}

type Values = Map<string, unknown[]>

function declaredValues(rows: readonly unknown[], columns: ReadonlyMap<string, Declared>, place: Place): Values {
  const values: Values = new Map([...columns.keys()].map((name) => [name, []]))
  for (const [at, row] of rows.entries()) {
    const fields = fieldsOf(row, at, place)
    for (const [name, cells] of values) cells.push(Object.hasOwn(fields, name) ? Reflect.get(fields, name) : undefined)
  }
  return values
}

/** A column for every name that any row has. */
function seenValues(rows: readonly unknown[], place: Place): Values {
  const values: Values = new Map()
  let [names, cells]: [string[], unknown[][]] = [[], []]
  for (const [at, row] of rows.entries()) {
    const fields = fieldsOf(row, at, place)
    const found = Object.keys(fields)
    // Most rows have the names of the row before.
    if (found.length !== names.length || found.some((name, i) => name !== names[i])) {
      names = found
      cells = found.map((name) => columnFor(values, name, at, place))
    }
    for (let i = 0; i < names.length; i++) cells[i]?.push(Reflect.get(fields, names[i] ?? ''))
    if (names.length < values.size)
      for (const column of values.values()) while (column.length <= at) column.push(undefined)
  }
  return values
}

function columnFor(values: Values, name: string, row: number, { batch, table }: Place): unknown[] {
  const known = values.get(name)
  if (known) return known
  if (!isName(name)) {
    throw new SqlColumnError(batch, table, name, row, 'that is no name in SQL: rename it with map')
  }
  for (const other of values.keys()) {
    if (other.toLowerCase() !== name.toLowerCase()) continue
    const problem = `SQL knows no case, and there is a column ${JSON.stringify(other)} already: rename one with map`
    throw new SqlColumnError(batch, table, name, row, problem)
  }
  const column = Array.from({ length: row }, () => undefined)
  values.set(name, column)
  return column
}

/** Objects are their fields, pairs `key` and `value`, what stands alone `value`. */
function fieldsOf(row: unknown, at: number, { batch, table }: Place): object {
  if (!isComposite(row) || row instanceof Date || row instanceof Uint8Array) return { value: row }
  const form = formOf(row)
  if (form === 'plain') return row
  if (Array.isArray(row) && row.length === 2) return { key: row[0], value: row[1] }
  const meant = form === 'stand-in' ? standIn(row) : undefined
  if (isComposite(meant)) return meant
  const problem = `${describeValue(row)} is no row: make it an object whose fields are columns, with map`
  throw new SqlColumnError(batch, table, 'value', at, problem)
}
