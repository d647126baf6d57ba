// The port behind which state lives: commit logs of tasks and a few rows per job, in one table (DESIGN §3, Single table).
// Implementations: `memory-table.ts` and `dynamo-table.ts`; test/contract/table.contract.ts runs on both.

import type { TaskRef } from '../names/tasks.ts'

/** One item of a commit log: opaque bytes at a version. Versions of a log are dense: 1, 2, 3 … */
export interface LogItem {
  readonly version: number
  readonly body: Uint8Array
  /** Seconds since the epoch after which the item may be deleted (DynamoDB's TTL); absent: it never expires. */
  readonly expiresAt?: number
  /**
   * Of an item that never expires but has been followed by others that do: when it is the newest to be found after this time
   * (seconds), those may have expired.
   */
  readonly headUntil?: number
}

/** One of the two times of an item, in seconds. */
export type LogItemLife = { readonly expiresAt: number } | { readonly headUntil: number }

export function lifeOf(life: LogItemLife): ['expiresAt' | 'headUntil', number] {
  return 'expiresAt' in life ? ['expiresAt', life.expiresAt] : ['headUntil', life.headUntil]
}

/** Append-only logs with a fence: whoever appends version v first wins, everybody else learns that it lost. */
export interface CommitLog {
  /**
   * Appends one item if and only if that version does not exist yet. This condition is the whole of the concurrency
   * control. `conflict` also when it was this caller's own earlier attempt whose answer got lost.
   *
   * @throws ServiceError when the service refuses or stays unreachable after retries; then it is not known whether the item was written.
   */
  append(task: TaskRef, item: LogItem): Promise<'committed' | 'conflict'>

  /** The item with the highest version, strongly consistent; `undefined` when the log is empty. */
  head(task: TaskRef): Promise<LogItem | undefined>

  /**
   * Items with versions above `after`, ascending, at most `limit` of them. May be stale unless `consistent`: some of
   * the newest may be missing, but what comes is a dense run that starts at `after + 1` unless items have expired.
   */
  read(task: TaskRef, options: { after: number; limit?: number; consistent?: boolean }): Promise<LogItem[]>

  /** Gives an item a time, or a later one; nothing happens when there is no such item, or when it has a later one. */
  setLife(task: TaskRef, version: number, life: LogItemLife): Promise<void>
}

/** Rows of a job outside its logs: small JSON-like values by name, as `names/rows.ts` calls them. */
export interface JobRows {
  /** Strongly consistent. */
  getRow(job: string, name: string): Promise<JobRow | undefined>
  /** Writes a row only if there is none of that name. */
  createRow(job: string, name: string, row: JobRow): Promise<'created' | 'exists'>
  putRow(job: string, name: string, row: JobRow): Promise<void>
  /** Writes a row only if the existing one (or its absence) still has the given `rev`. A lease is taken with it. */
  replaceRow(job: string, name: string, row: JobRow, expectedRev: number | undefined): Promise<'replaced' | 'conflict'>
  deleteRow(job: string, name: string): Promise<void>
  /** All rows whose name starts with `prefix`, by name, strongly consistent. */
  listRows(job: string, prefix: string): Promise<Map<string, JobRow>>
}

/** A row: `rev` counts its changes, `data` is JSON. */
export interface JobRow {
  readonly rev: number
  readonly data: Readonly<Record<string, JsonValue>>
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Everything Millrace keeps in its table. */
export interface StateTable extends CommitLog, JobRows {
  close(): void
}

/** DynamoDB's limit for an item, keys and attribute names included, in bytes. */
export const MAX_ITEM_BYTES = 400 * 1024
