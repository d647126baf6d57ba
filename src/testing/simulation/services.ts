// A process's way to the table and to the objects, with everything on it that can go wrong.

import { decode } from '../../log/codec.ts'
import { isBucketCommit, isCloseCommit } from '../../log/commit-record.ts'
import { ownKindOf } from '../../names/objects.ts'
import { isSuccess, SUCCESS } from '../../names/outputs.ts'
import { entryPlace } from '../../names/table-keys.ts'
import { CLOSE_STAGE, SOURCE_STAGE, type TaskRef } from '../../names/tasks.ts'
import { isKafkaCommit } from '../../sources/kafka/position.ts'
import type { ObjectRef, ObjectStore } from '../../stores/object-store.ts'
import type { LogItem, StateTable } from '../../stores/table.ts'
import { type Call, type Caller, type Faults, turns } from './faults.ts'

export function faultyTable(table: StateTable, faults: Faults, caller: Caller): StateTable {
  const io = <T>(call: Call<T>): Promise<T> => faults.around(caller, call)
  return {
    append: (task, item) =>
      io({
        point: `append ${task.stage === SOURCE_STAGE || task.stage === CLOSE_STAGE ? task.stage : 'bucket'}`,
        describe: () => `commits version ${item.version} of ${nameOf(task)}${contentsOf(task, item)}`,
        work: () => table.append(task, item),
        own: 'conflict',
      }),
    head: (task) =>
      io({ point: 'head', describe: () => `reads the head of ${nameOf(task)}`, work: () => table.head(task) }),
    read: (task, options) => {
      const { after, limit = Number.POSITIVE_INFINITY, consistent = false } = options
      return io({
        point: 'read',
        describe: () => `reads ${nameOf(task)} after version ${after}`,
        work: () => table.read(task, { ...options, consistent: true }),
        pages: async () => {
          const first = await table.read(task, { after, limit: Math.min(1, limit), consistent: true })
          const [item] = first
          if (!item) return first
          await turns(100)
          const rest = await table.read(task, { after: item.version, limit: limit - 1, consistent: true })
          return [...first, ...rest]
        },
        stale: consistent
          ? undefined
          : async (): Promise<LogItem[]> => {
              const all = await table.read(task, { ...options, consistent: true })
              return all.slice(0, -(1 + (all.length % 2)))
            },
      })
    },
    setLife: (task, version, life) =>
      io({
        point: 'setLife',
        describe: () => `gives version ${version} of ${nameOf(task)} a time`,
        work: () => table.setLife(task, version, life),
      }),
    getRow: (job, name) =>
      io({ point: 'getRow', describe: () => `reads the row ${name}`, work: () => table.getRow(job, name) }),
    createRow: (job, name, row) =>
      io({
        point: 'createRow',
        describe: () => `creates the row ${name}`,
        work: () => table.createRow(job, name, row),
        own: 'exists',
      }),
    putRow: (job, name, row) =>
      io({ point: 'putRow', describe: () => `writes the row ${name}`, work: () => table.putRow(job, name, row) }),
    replaceRow: (job, name, row, rev) =>
      io({
        point: 'replaceRow',
        describe: () => `replaces the row ${name} by ${JSON.stringify(row.data)}`,
        work: () => table.replaceRow(job, name, row, rev),
        own: 'conflict',
      }),
    deleteRow: (job, name) =>
      io({ point: 'deleteRow', describe: () => `deletes the row ${name}`, work: () => table.deleteRow(job, name) }),
    listRows: (job, prefix) =>
      io({ point: 'listRows', describe: () => `lists rows ${prefix}…`, work: () => table.listRows(job, prefix) }),
    close: () => table.close(),
  }
}

export function faultyObjects(objects: ObjectStore, faults: Faults, caller: Caller): ObjectStore {
  const io = <T>(point: string, what: string, ref: ObjectRef, work: () => Promise<T>): Promise<T> =>
    faults.around(caller, { point, describe: () => `${what} ${ref.key}`, work })
  return {
    put: (ref, body, options) => io(`put ${kindOf(ref)}`, 'puts', ref, () => objects.put(ref, body, options)),
    stage: (ref, body, options) => io('stage', 'stages', ref, () => objects.stage(ref, body, options)),
    complete: (staged) => io('complete', 'completes', staged.ref, () => objects.complete(staged)),
    abort: (staged) => io('abort', 'throws away the upload of', staged.ref, () => objects.abort(staged)),
    get: (ref) => io(`get ${kindOf(ref)}`, 'gets', ref, () => objects.get(ref)),
    exists: (ref) => io('exists', 'looks for', ref, () => objects.exists(ref)),
    delete: (ref) => io('delete', 'deletes', ref, () => objects.delete(ref)),
    list: (bucket, prefix) => objects.list(bucket, prefix),
    close: () => objects.close(),
  }
}

/** What an object is, by its key. */
export function kindOf({ key }: ObjectRef): 'result' | typeof SUCCESS | 'snapshot' | 'spill' | 'quarantine' {
  return ownKindOf(key) ?? (isSuccess(key) ? SUCCESS : 'result')
}

/** What a commit says, in words; only when somebody wants to read it. */
function contentsOf(task: TaskRef, { version, body }: LogItem): string {
  const { spilled, value } = decode('a commit', body, entryPlace(task, version))
  if (spilled) return ' (spilled)'
  if (isBucketCommit(value))
    return value.ran.length > 0 ? `, which runs T = ${value.ran.join(', ')}` : ` (${value.kind})`
  if (isCloseCommit(value))
    return value.kind === 'close' ? `, which closes up to T = ${value.closedUntil}` : ` (${value.kind})`
  if (!isKafkaCommit(value) || value.kind !== 'batch' || !value.position)
    return isKafkaCommit(value) ? ` (${value.kind}, frontier ${value.frontier})` : ''
  const { from, until } = value.position
  const offsets = until - from === 1 ? `offset ${from}` : `offsets ${from} to ${until - 1}`
  return ` with ${offsets} for T = ${value.partials.map(({ time }) => time).join(', ')}`
}

function nameOf({ stage, task }: { readonly stage: string; readonly task: string }): string {
  if (stage === SOURCE_STAGE) return task
  return stage === CLOSE_STAGE ? 'the closing log' : `bucket ${task} of ${stage}`
}
