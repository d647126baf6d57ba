// The table in a folder's database, which is all that a job needs of DynamoDB where there is no AWS. The condition of an append is
// the primary key (I1); key layout and limits are DynamoDB's, so that what works here works there.

import { UnreadableItemError } from '../errors/log-errors.ts'
import { jobKey, logKey, rowName, rowSortKey, rowSortKeyPrefix } from '../names/table-keys.ts'
import { denseRun } from './dense-run.ts'
import { type FolderDatabase, openFolder, type SqlRow } from './folder-database.ts'
import { parseRowData } from './row-data.ts'
import { type JobRow, type LogItem, lifeOf, type StateTable } from './table.ts'
import { checkBodySize, checkKey, checkRowSize, versionSortKey } from './table-keys.ts'

export { waitsIn } from './folder-backlog.ts'

export interface SqliteTableOptions {
  /** Milliseconds since the epoch; default: the machine's clock. */
  readonly now?: () => number
}

/** How many appends later a process looks again for what has expired, and how much it then deletes at most: more than came in between. */
const APPENDS_BETWEEN_CLEANUPS = 256
const DELETED_AT_ONCE = 1024

const FIELDS = 'version, body, expires_at, head_until'

/**
 * The table of a folder.
 *
 * What has expired goes when something was appended after it had expired, and never before: DynamoDB may have deleted it by then, so
 * nobody needs it any more. A folder that lies still keeps everything, for as long as its machine is off.
 */
export function sqliteTable(directory: string, { now = Date.now }: SqliteTableOptions = {}): StateTable {
  const database = openFolder(directory)
  let appends = 0
  deleteExpired(database, now())

  const readRow = (row: SqlRow): JobRow => rowOf(database, row)

  return {
    async append(task, { version, body, expiresAt }) {
      const key = logKey(task)
      checkKey(key, versionSortKey(version))
      checkBodySize(task, version, body)
      const changes = database.run(
        'INSERT INTO entries (pk, version, body, expires_at, written) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        key,
        version,
        body,
        expiresAt === undefined ? null : Math.ceil(expiresAt),
        Math.floor(now() / 1000),
      )
      if (changes === 0) return 'conflict'
      if (++appends % APPENDS_BETWEEN_CLEANUPS === 0) deleteExpired(database, now())
      return 'committed'
    },

    async head(task) {
      const row = database.get(`SELECT ${FIELDS} FROM entries WHERE pk = ? ORDER BY version DESC LIMIT 1`, logKey(task))
      return row && logItemOf(database, logKey(task), row)
    },

    async read(task, { after, limit = Number.POSITIVE_INFINITY }) {
      const key = logKey(task)
      const rows = database.all(
        `SELECT ${FIELDS} FROM entries WHERE pk = ? AND version > ? ORDER BY version LIMIT ?`,
        key,
        after,
        Number.isFinite(limit) ? Math.max(0, limit) : -1,
      )
      return denseRun(
        task,
        after,
        rows.map((row) => logItemOf(database, key, row)),
      )
    },

    async setLife(task, version, life) {
      const [name, time] = lifeOf(life)
      const column = name === 'expiresAt' ? 'expires_at' : 'head_until'
      database.run(
        `UPDATE entries SET ${column} = max(coalesce(${column}, 0), ?) WHERE pk = ? AND version = ?`,
        Math.ceil(time),
        logKey(task),
        version,
      )
    },

    async getRow(job, name) {
      const key = rowKey(job, name)
      const row = database.get('SELECT pk, sk, rev, data FROM job_rows WHERE pk = ? AND sk = ?', ...key)
      return row && readRow(row)
    },

    async createRow(job, name, row) {
      return insertRow(database, job, name, row) ? 'created' : 'exists'
    },

    async putRow(job, name, row) {
      database.run(
        'INSERT OR REPLACE INTO job_rows (pk, sk, rev, data) VALUES (?, ?, ?, ?)',
        ...rowValues(job, name, row),
      )
    },

    async replaceRow(job, name, row, expectedRev) {
      if (expectedRev === undefined) return insertRow(database, job, name, row) ? 'replaced' : 'conflict'
      const [pk, sk, rev, data] = rowValues(job, name, row)
      const sql = 'UPDATE job_rows SET rev = ?, data = ? WHERE pk = ? AND sk = ? AND rev = ?'
      return database.run(sql, rev, data, pk, sk, expectedRev) > 0 ? 'replaced' : 'conflict'
    },

    async deleteRow(job, name) {
      database.run('DELETE FROM job_rows WHERE pk = ? AND sk = ?', ...rowKey(job, name))
    },

    async listRows(job, prefix) {
      const start = rowSortKeyPrefix(prefix)
      const rows = database.all(
        'SELECT pk, sk, rev, data FROM job_rows WHERE pk = ? AND substr(sk, 1, length(?)) = ?',
        jobKey(job),
        start,
        start,
      )
      const named = rows.map((row) => [rowName(String(row.sk)), readRow(row)] as const)
      return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)))
    },

    close: () => database.close(),
  }
}

function rowKey(job: string, name: string): [pk: string, sk: string] {
  checkKey(jobKey(job), rowSortKey(name))
  return [jobKey(job), rowSortKey(name)]
}

function rowValues(
  job: string,
  name: string,
  { rev, data }: JobRow,
): [pk: string, sk: string, rev: number, data: string] {
  const [pk, sk] = rowKey(job, name)
  const text = JSON.stringify(data)
  checkRowSize(pk, sk, text)
  return [pk, sk, rev, text]
}

function insertRow(database: FolderDatabase, job: string, name: string, row: JobRow): boolean {
  const sql = 'INSERT INTO job_rows (pk, sk, rev, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
  return database.run(sql, ...rowValues(job, name, row)) > 0
}

/** The newest entry of a log says until when somebody could still have needed the others. */
const DELETE_EXPIRED = `
DELETE FROM entries WHERE rowid IN (
  SELECT old.rowid FROM entries AS old JOIN entries AS newest
    ON newest.pk = old.pk AND newest.version = (SELECT max(version) FROM entries WHERE pk = old.pk)
  WHERE old.expires_at IS NOT NULL AND old.expires_at <= ? AND old.expires_at <= newest.written AND old.version < newest.version
  ORDER BY old.expires_at LIMIT ${DELETED_AT_ONCE})`

function deleteExpired(database: FolderDatabase, now: number): void {
  database.run(DELETE_EXPIRED, Math.floor(now / 1000))
}

/** @throws UnreadableItemError */
function logItemOf(database: FolderDatabase, pk: string, row: SqlRow): LogItem {
  const { version, body, expires_at: expiresAt, head_until: headUntil } = row
  if (typeof version !== 'number' || !(body instanceof Uint8Array))
    throw new UnreadableItemError(database.directory, pk, String(version), 'it has no bytes')
  return {
    version,
    body,
    ...(typeof expiresAt === 'number' && { expiresAt }),
    ...(typeof headUntil === 'number' && { headUntil }),
  }
}

/** @throws UnreadableItemError */
function rowOf(database: FolderDatabase, { pk, sk, rev, data }: SqlRow): JobRow {
  try {
    return { rev: Number(rev), data: parseRowData(String(data)) }
  } catch (cause) {
    const problem = 'its data is not a JSON object'
    throw new UnreadableItemError(database.directory, String(pk), String(sk), problem, { cause })
  }
}
