// What `sql()` of a batch refuses.

import { unescapeKeyPart } from '../names/escape.ts'
import { describeCause, MillraceError } from './errors.ts'

/** The parts of a batch's id as they were given: `words/foreachRDD#2/1000`. */
const readable = (batch: string): string => batch.split('/').map(unescapeKeyPart).join('/')

/** A statement fails: it is wrong, or something in it is impossible for these rows. The message is DuckDB's own. */
export class SqlError extends MillraceError {
  /** The batch that it was asked of: its job, the operator and the batch time. */
  readonly batch: string
  /** As it was given. */
  readonly statement: string
  /** @param advice what to do, where DuckDB's message does not say it */
  constructor(batch: string, statement: string, cause: unknown, advice = '') {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(
      'SQL_FAILED',
      `sql() fails in batch ${readable(batch)}: ${reason.trimEnd()}\n${advice}The statement:\n${statement}`,
      {
        cause,
      },
    )
    this.batch = batch
    this.statement = statement
  }
}

/** A value does not fit into its column, on the way into a table or out of a result. Nothing is changed or rounded in silence. */
export class SqlColumnError extends MillraceError {
  /** The batch that it was asked of: its job, the operator and the batch time. */
  readonly batch: string
  /** The table, or `result`. */
  readonly table: string
  /** Its name; `value` when the row is none. */
  readonly column: string
  /** The place of the row, from 0; undefined: it is about the column as a whole. */
  readonly row: number | undefined
  constructor(batch: string, table: string, column: string, row: number | undefined, problem: string) {
    const where = `${table}, column ${JSON.stringify(column)}${row === undefined ? '' : `, row ${row}`}`
    super('SQL_COLUMN', `sql() in batch ${readable(batch)}: ${where}: ${problem}.`)
    this.batch = batch
    this.table = table
    this.column = column
    this.row = row
  }
}

/** DuckDB is not there, or not for this machine. */
export class SqlMissingError extends MillraceError {
  constructor(advice: string, cause?: unknown) {
    const reason = cause === undefined ? '' : ` (${describeCause(cause).split('\n', 1)[0]})`
    super(
      'SQL_MISSING',
      `sql() needs DuckDB, the package @duckdb/node-api, and it cannot be loaded here${reason}. ${advice}`,
      {
        cause,
      },
    )
  }
}
