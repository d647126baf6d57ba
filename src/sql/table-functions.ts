// Which functions a statement may read from. Some of DuckDB's table functions change the engine, which outlives the batch, although they
// stand in a SELECT (`from enable_logging()`), others show what the engine does for others.

import type { DuckDBConnection } from '@duckdb/node-api'
import { Misfit } from './misfit.ts'

/** What gives rows and depends on its arguments alone. */
const READ_FROM = new Set(['unnest', 'range', 'generate_series', 'repeat', 'repeat_row', 'json_each', 'json_tree'])

/** For statements that DuckDB cannot take apart, such as a pivot: words that none of them needs. */
const SUSPICIOUS = /\b(query|checkpoint|force_checkpoint|(en|dis)able_\w+|duckdb_\w+|pragma_\w+)\s*\(/i

/** Statements that were looked at, as jobs have few and repeat them in every batch. */
const fine = new Set<string>()
const REMEMBERED = 100

/** @throws Misfit */
export async function checkTableFunctions(connection: DuckDBConnection, statement: string): Promise<void> {
  if (fine.has(statement)) return
  const reader = await connection.runAndReadAll('select json_serialize_sql($1::varchar)', [statement])
  const [[text] = []] = reader.getRows()
  const tree: unknown = typeof text === 'string' ? JSON.parse(text) : undefined
  const taken = isObject(tree) && tree.error !== true
  const wrong = taken ? calledIn(tree).find((name) => !READ_FROM.has(name)) : SUSPICIOUS.exec(statement)?.[1]
  if (wrong !== undefined)
    throw new Misfit(
      `sql() reads from its tables and from ${[...READ_FROM].join(', ')}: the statement calls ${wrong}, which belongs to the engine that all batches share`,
    )
  if (fine.size < REMEMBERED) fine.add(statement)
}

type Node = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** Names of the table functions in a statement, however deep. */
function calledIn(node: unknown): string[] {
  if (!isObject(node)) return []
  const deeper = Object.values(node).flatMap(calledIn)
  if (node.type !== 'TABLE_FUNCTION' || !isObject(node.function)) return deeper
  return [String(node.function.function_name).toLowerCase(), ...deeper]
}
