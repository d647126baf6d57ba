// Instead of src/sql in a function none of whose files call `sql()`: 20 KB, and DuckDB is not beside it.

import { SqlMissingError } from '../../errors/sql-errors.ts'

export function runSql(): never {
  throw new SqlMissingError(
    'No file of this function called .sql( when it was bundled, so it was left out. Where the call is in a package: sql: true beside the handler in ' +
      'custom.millrace.jobs, or bundleHandler({ sql: true }).',
  )
}
