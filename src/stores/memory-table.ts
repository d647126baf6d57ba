// The table in memory, for tests and the simulator. It keeps DynamoDB's promises and its limits (item and key sizes,
// density, stale reads on request), so that what passes here passes there; test/contract/table.contract.ts holds it to that.

import { jobKey, logKey, rowSortKey, rowSortKeyPrefix } from '../names/table-keys.ts'
import type { TaskRef } from '../names/tasks.ts'
import { denseRun } from './dense-run.ts'
import { parseRowData } from './row-data.ts'
import { type JobRow, type LogItem, lifeOf, type StateTable } from './table.ts'
import { checkBodySize, checkKey, checkRowSize, versionSortKey } from './table-keys.ts'

export interface MemoryTable extends StateTable {
  /** Deletes what has expired, or those items of it that `goes` picks, as DynamoDB does in the background; returns how many went. */
  deleteExpired(now: number, goes?: () => boolean): number
  /** Deletes one item of a log, as nobody should. */
  deleteVersion(task: TaskRef, version: number): boolean
}

export interface MemoryTableOptions {
  /** How many of the newest items of a log an eventually consistent read misses, asked at each read. Default: none. */
  readonly staleBy?: (task: TaskRef) => number
}

interface StoredRow {
  readonly name: string
  readonly rev: number
  readonly data: string
}

export function memoryTable({ staleBy = () => 0 }: MemoryTableOptions = {}): MemoryTable {
  /** Items by partition key, ascending by version. */
  const logs = new Map<string, LogItem[]>()
  /** Rows by partition key and sort key. */
  const jobs = new Map<string, Map<string, StoredRow>>()

  const rowsOf = (job: string): Map<string, StoredRow> => {
    const rows = jobs.get(jobKey(job)) ?? new Map<string, StoredRow>()
    jobs.set(jobKey(job), rows)
    return rows
  }
  const store = (job: string, name: string, { rev, data }: JobRow): void => {
    const sortKey = rowSortKey(name)
    const text = JSON.stringify(data)
    checkKey(jobKey(job), sortKey)
    checkRowSize(jobKey(job), sortKey, text)
    rowsOf(job).set(sortKey, { name, rev, data: text })
  }

  return {
    async append(task, item) {
      const key = logKey(task)
      checkKey(key, versionSortKey(item.version))
      checkBodySize(task, item.version, item.body)
      const log = logs.get(key) ?? []
      logs.set(key, log)
      const before = log.findLastIndex(({ version }) => version <= item.version)
      if (log[before]?.version === item.version) return 'conflict'
      log.splice(before + 1, 0, copyOf(item))
      return 'committed'
    },

    async head(task) {
      const head = logs.get(logKey(task))?.at(-1)
      return head && copyOf(head)
    },

    async read(task, { after, limit = Number.POSITIVE_INFINITY, consistent = false }) {
      const log = logs.get(logKey(task)) ?? []
      const visible = consistent ? log.length : Math.max(0, log.length - staleBy(task))
      const start = log.findLastIndex(({ version }) => version <= after) + 1
      const items = log.slice(start, Math.min(visible, start + limit))
      return denseRun(task, after, items.map(copyOf))
    },

    async setLife(task, version, life) {
      const log = logs.get(logKey(task)) ?? []
      const index = log.findIndex((item) => item.version === version)
      const item = log[index]
      if (!item) return
      const later = (time: number | undefined, other: number): number => Math.max(time ?? 0, Math.ceil(other))
      const [name, time] = lifeOf(life)
      log[index] = { ...item, [name]: later(item[name], time) }
    },

    async getRow(job, name) {
      const row = rowsOf(job).get(rowSortKey(name))
      return row && readRow(row)
    },

    async createRow(job, name, row) {
      if (rowsOf(job).has(rowSortKey(name))) return 'exists'
      store(job, name, row)
      return 'created'
    },

    async putRow(job, name, row) {
      store(job, name, row)
    },

    async replaceRow(job, name, row, expectedRev) {
      if (rowsOf(job).get(rowSortKey(name))?.rev !== expectedRev) return 'conflict'
      store(job, name, row)
      return 'replaced'
    },

    async deleteRow(job, name) {
      rowsOf(job).delete(rowSortKey(name))
    },

    async listRows(job, prefix) {
      const start = rowSortKeyPrefix(prefix)
      const found = [...rowsOf(job)].filter(([sortKey]) => sortKey.startsWith(start)).map(([, row]) => row)
      found.sort((a, b) => (a.name < b.name ? -1 : 1))
      return new Map(found.map((row) => [row.name, readRow(row)]))
    },

    deleteExpired(now, goes = () => true) {
      let deleted = 0
      for (const [key, log] of logs) {
        const kept = log.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now || !goes())
        deleted += log.length - kept.length
        logs.set(key, kept)
      }
      return deleted
    },

    deleteVersion(task, version) {
      const log = logs.get(logKey(task)) ?? []
      const index = log.findIndex((item) => item.version === version)
      if (index >= 0) log.splice(index, 1)
      return index >= 0
    },

    close() {},
  }
}

/** Bytes are copied on the way in and out: nobody may change what is stored by changing a buffer of theirs. */
function copyOf(item: LogItem): LogItem {
  return { ...item, body: new Uint8Array(item.body) }
}

function readRow({ rev, data }: StoredRow): JobRow {
  return { rev, data: parseRowData(data) }
}
