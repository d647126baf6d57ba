// The database of a folder: SQLite as Node has it built in, for what runs without AWS (docs/decisions/071-the-folder.md). One file
// holds table and topics, so that whatever a crash of the machine takes away, state never knows more than its topics do.
// Several processes of one machine work on it at once: readers hold nobody up, writers wait for each other.

import { mkdirSync, statfsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { describeCause, MillraceError, ServiceError } from '../errors/errors.ts'

export type SqlRow = Readonly<Record<string, SQLOutputValue>>
export type SqlValue = SQLInputValue

/** One connection to the database of a folder. */
export interface FolderDatabase {
  /** The folder, as an absolute path. */
  readonly directory: string
  /** The rows that a statement finds. */
  all(sql: string, ...values: readonly SqlValue[]): SqlRow[]
  /** Its first row. */
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined
  /** Runs a statement, and says how many rows it has changed. */
  run(sql: string, ...values: readonly SqlValue[]): number
  /** What `action` reads and writes happens at one moment, or, when it throws, not at all. Inside of another it is part of that. */
  atomically<T>(action: () => T): T
  /** A number that is another one after another connection, of whatever process, has committed. */
  version(): number
  close(): void
}

/** The name of the database in its folder; SQLite keeps two more files beside it while it is in use. */
export const DATABASE = 'millrace.db'

/** What `PRAGMA user_version` says of a database whose tables are these. Old ones stay readable: a later form gets a step from this one. */
const FORM = 1

// Sort keys and partition keys are those of the single table. `written` is when an entry was appended, in seconds: sqlite-table.ts says what for.
const TABLES = `
CREATE TABLE entries (pk TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, expires_at INTEGER, head_until INTEGER,
  written INTEGER NOT NULL, PRIMARY KEY (pk, version));
CREATE INDEX entries_expire ON entries (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE job_rows (pk TEXT NOT NULL, sk TEXT NOT NULL, rev INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (pk, sk)) WITHOUT ROWID;

CREATE TABLE topics (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, timestamp_type TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE partitions (topic INTEGER NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE records (topic INTEGER NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  key BLOB, value BLOB, headers BLOB, PRIMARY KEY (topic, partition, position)) WITHOUT ROWID;
CREATE TABLE groups (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE group_offsets (name TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (name, topic, partition)) WITHOUT ROWID;
CREATE TABLE members (name TEXT NOT NULL, id TEXT NOT NULL, topics TEXT NOT NULL, host TEXT NOT NULL, joined INTEGER NOT NULL,
  seen INTEGER NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID;
`

/** For how long a writer waits for another. A write takes well below a millisecond, a check of the disk some tens. */
const BUSY_MS = 10_000

/**
 * Opens the database of a folder, which need not exist yet.
 *
 * @throws ServiceError when it cannot be opened, is no database of Millrace, or lies where SQLite is not safe
 */
export function openFolder(directory: string): FolderDatabase {
  const root = resolve(directory)
  const attempt = <T>(operation: string, action: () => T): T => {
    try {
      return action()
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : folderError(root, operation, cause)
    }
  }
  const database = attempt('open', () => open(root))
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  return {
    directory: root,
    all: (sql, ...values) => attempt('read', () => prepared(sql).all(...values)),
    get: (sql, ...values) => attempt('read', () => prepared(sql).get(...values)),
    run: (sql, ...values) => attempt('write', () => Number(prepared(sql).run(...values).changes)),
    atomically: (action) => attempt('write', () => atomically(database, action)),
    version: () => attempt('read', () => Number(prepared('PRAGMA data_version').get()?.data_version)),
    close() {
      statements.clear()
      if (database.isOpen) database.close()
    },
  }
}

function open(root: string): DatabaseSync {
  mkdirSync(root, { recursive: true })
  checkFileSystem(root)
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(join(root, DATABASE))
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
    useWal(database)
    // What the kernel has survives the process, kill -9 included. FULL would add a check of the disk to each write, 0.45 ms against 0.01:
    // without it, a machine that loses power loses the newest writes, all after one moment, and is whole.
    database.exec('PRAGMA synchronous = NORMAL')
    atomically(database, () => makeTables(database, root))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function makeTables(database: DatabaseSync, root: string): void {
  const form = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (form > FORM) {
    throw new ServiceError(
      'FOLDER_FAILED',
      'folder',
      'open',
      `The folder ${root} was written by a later Millrace (form ${form}; this one knows ${FORM}). Update Millrace, or use another folder.`,
      { root, form },
      undefined,
    )
  }
  if (form === 0) database.exec(`${TABLES}PRAGMA user_version = ${FORM};`)
}

function atomically<T>(database: DatabaseSync, action: () => T): T {
  if (database.isTransaction) return action()
  // IMMEDIATE: whoever begins by reading could not write any more once another has written (SQLITE_BUSY_SNAPSHOT).
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = action()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * The file keeps the mode once it has it. Several processes that make it at once get SQLITE_BUSY without being made to wait: SQLite
 * does not call its busy handler for a lock that it wants to raise (sqlite.org/c3ref/busy_handler.html).
 */
function useWal(database: DatabaseSync): void {
  const deadline = Date.now() + BUSY_MS
  for (;;) {
    try {
      if (database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode === 'wal') return
    } catch (error) {
      if (!isBusy(error)) throw error
    }
    if (Date.now() > deadline) throw new Error('its journal cannot be switched to WAL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
}

/** Loaded when a folder is opened, and not before: Node warns until 24.15 that it is experimental, which is ours to know and not the user's. */
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

/** NFS, SMB and CIFS by the numbers that Linux has for them (linux/magic.h). SQLite's WAL needs memory that all processes share, and locks that hold. */
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
])

function checkFileSystem(root: string): void {
  const name = process.platform === 'linux' ? REMOTE.get(statfsSync(root).type >>> 0) : undefined
  if (name === undefined) return
  throw new ServiceError(
    'FOLDER_FAILED',
    'folder',
    'open',
    `The folder ${root} is on a network file system (${name}), where SQLite's locks and shared memory do not hold and state could be damaged. ` +
      'Put it on a disk of this machine: MILLRACE_DIR, or --dir. Machines that share a job need a table in DynamoDB.',
    { root },
    undefined,
  )
}

/** sqlite.org/rescode.html; the low byte of an extended code is its kind. */
const kindOf = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : -1

const isBusy = (error: unknown): boolean => kindOf(error) === 5

const REMEDIES = new Map([
  [8, 'It may only be read: give this user the right to write to the folder and its files, or use another folder.'],
  [11, 'It is damaged: restore it from a copy, or move the folder away and start anew.'],
  [13, 'The disk is full: make room; nothing that was written is lost.'],
  [14, 'Check that the folder may be read and written.'],
  [26, `${DATABASE} is no database: move it away, or use another folder.`],
])

function folderError(root: string, operation: string, cause: unknown): ServiceError {
  const what = `Cannot ${operation} the database of the folder ${root} (${describeCause(cause)}).`
  if (isBusy(cause)) {
    const remedy = `Another process has been writing to it for ${BUSY_MS / 1000} s: see which have it open, and try again.`
    return new ServiceError('FOLDER_BUSY', 'folder', operation, `${what} ${remedy}`, { root }, cause)
  }
  const remedy =
    REMEDIES.get(kindOf(cause)) ?? 'Check that the folder may be read and written and that the disk is not full.'
  return new ServiceError('FOLDER_FAILED', 'folder', operation, `${what} ${remedy}`, { root }, cause)
}
