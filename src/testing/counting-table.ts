// Counts what goes to the table and to the objects, for tests and benchmarks that hold the numbers of I4 and DESIGN §9:
// a warm micro-batch is no read and one write.

import type { ObjectStore } from '../stores/object-store.ts'
import type { JobRow, LogItem, StateTable } from '../stores/table.ts'

/** Calls, and bytes of bodies and of rows' JSON; keys and attribute names, some 60 bytes an item, are not in it. */
export interface TableCounts {
  reads: number
  /** Attempts, those that met a conflict included: DynamoDB charges for both. */
  writes: number
  conflicts: number
  bytesWritten: number
  bytesRead: number
}

/** A table that passes everything on and counts it; `reset` starts again from zero. */
export function countingTable(table: StateTable): { table: StateTable; counts: TableCounts; reset(): void } {
  const zero: TableCounts = { reads: 0, writes: 0, conflicts: 0, bytesWritten: 0, bytesRead: 0 }
  const counts = { ...zero }

  const wrote = async <T extends string>(bytes: number, outcome: Promise<T>): Promise<T> => {
    counts.writes++
    counts.bytesWritten += bytes
    const result = await outcome
    if (result === 'conflict' || result === 'exists') counts.conflicts++
    return result
  }
  const read = async <T>(found: Promise<T>, sizeOf: (value: T) => number): Promise<T> => {
    counts.reads++
    const value = await found
    counts.bytesRead += sizeOf(value)
    return value
  }
  const itemBytes = (item: LogItem | undefined) => item?.body.byteLength ?? 0
  const rowBytes = (row: JobRow | undefined) => (row ? Buffer.byteLength(JSON.stringify(row.data)) : 0)
  const sum = <T>(values: Iterable<T>, sizeOf: (value: T) => number) => {
    let bytes = 0
    for (const value of values) bytes += sizeOf(value)
    return bytes
  }

  return {
    counts,
    reset: () => void Object.assign(counts, zero),
    table: {
      append: (task, item) => wrote(itemBytes(item), table.append(task, item)),
      head: (task) => read(table.head(task), itemBytes),
      read: (task, options) => read(table.read(task, options), (items) => sum(items, itemBytes)),
      setLife: (task, version, life) => {
        counts.writes++
        return table.setLife(task, version, life)
      },
      getRow: (job, name) => read(table.getRow(job, name), rowBytes),
      createRow: (job, name, row) => wrote(rowBytes(row), table.createRow(job, name, row)),
      putRow: async (job, name, row) => {
        counts.writes++
        counts.bytesWritten += rowBytes(row)
        await table.putRow(job, name, row)
      },
      replaceRow: (job, name, row, expectedRev) => wrote(rowBytes(row), table.replaceRow(job, name, row, expectedRev)),
      deleteRow: async (job, name) => {
        counts.writes++
        await table.deleteRow(job, name)
      },
      listRows: (job, prefix) => read(table.listRows(job, prefix), (rows) => sum(rows.values(), rowBytes)),
      close: () => table.close(),
    },
  }
}

/** Calls by what S3 charges for them: writes and listings are the dear ones, deletes and aborts are free. */
export interface ObjectCounts {
  /** `get` and `exists`. */
  reads: number
  /** `put`, `stage` and `complete`; an upload in parts is several requests and one call. */
  writes: number
  lists: number
  /** `delete` and `abort`. */
  deletes: number
  bytesWritten: number
  bytesRead: number
}

/** A store that passes everything on and counts it; `reset` starts again from zero. */
export function countingObjects(store: ObjectStore): { store: ObjectStore; counts: ObjectCounts; reset(): void } {
  const zero: ObjectCounts = { reads: 0, writes: 0, lists: 0, deletes: 0, bytesWritten: 0, bytesRead: 0 }
  const counts = { ...zero }

  const wrote = (bytes: number) => {
    counts.writes++
    counts.bytesWritten += bytes
  }

  return {
    counts,
    reset: () => void Object.assign(counts, zero),
    store: {
      put: (ref, body, options) => {
        wrote(body.byteLength)
        return store.put(ref, body, options)
      },
      stage: (ref, body, options) => {
        wrote(body.byteLength)
        return store.stage(ref, body, options)
      },
      complete: (staged) => {
        wrote(0)
        return store.complete(staged)
      },
      abort: (staged) => {
        counts.deletes++
        return store.abort(staged)
      },
      get: async (ref) => {
        counts.reads++
        const body = await store.get(ref)
        counts.bytesRead += body?.byteLength ?? 0
        return body
      },
      exists: (ref) => {
        counts.reads++
        return store.exists(ref)
      },
      delete: (ref) => {
        counts.deletes++
        return store.delete(ref)
      },
      list: (bucket, prefix) => {
        counts.lists++
        return store.list(bucket, prefix)
      },
      close: () => store.close(),
    },
  }
}
