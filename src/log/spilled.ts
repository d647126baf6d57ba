// Records that no item can hold, as objects that their entries name. An object goes when its entry has expired, or never came about.

import { LogGapError } from '../errors/log-errors.ts'
import { UnreadableStateError } from '../errors/state-errors.ts'
import { type ObjectRef, spillFolder, spillNameOf } from '../names/objects.ts'
import { entryPlace } from '../names/table-keys.ts'
import { describeTask, type TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { CommitLog, LogItem } from '../stores/table.ts'
import { decode } from './codec.ts'
import { isRef } from './commit-record.ts'

/** So many names are looked at at a time, each with a read of one entry: what is left comes next time. */
const LOOKED_AT = 100

/** The object that holds an entry's record, when the item does not. */
export function spilledBy(task: TaskRef, { version, body }: LogItem): ObjectRef | undefined {
  const where = `version ${version} of ${describeTask(task)}`
  const { spilled, value } = decode(where, body, entryPlace(task, version))
  if (!spilled) return undefined
  if (!isRef(value)) throw new UnreadableStateError(where, 'it names no object')
  return value
}

/**
 * Deletes the oldest spilled records that no entry names: theirs has expired, or another won that version. One LIST, and a read
 * of an entry for each that is old enough. Names of earlier code tell no version, and are left to the bucket's rule.
 *
 * @param head the newest version: what is not committed yet is at this version or later.
 * @param since what was written later stays: its commit may be under way.
 */
export async function dropSpilled(
  objects: ObjectStore,
  log: CommitLog,
  bucket: string,
  task: TaskRef,
  head: number,
  since: number,
): Promise<number> {
  const old: { readonly key: string; readonly version: number }[] = []
  for await (const { key } of objects.list(bucket, spillFolder(task))) {
    const name = spillNameOf(key)
    if (!name) continue
    if (name.at > since || name.version >= head || old.length === LOOKED_AT) break
    old.push({ key, version: name.version })
  }
  const dropped = await Promise.all(
    old.map(async ({ key, version }) => {
      const item = await itemAt(log, task, version)
      if (item && spilledBy(task, item)?.key === key) return 0
      await objects.delete({ bucket, key })
      return 1
    }),
  )
  return dropped.reduce((sum: number, n) => sum + n, 0)
}

async function itemAt(log: CommitLog, task: TaskRef, version: number): Promise<LogItem | undefined> {
  try {
    return (await log.read(task, { after: version - 1, limit: 1, consistent: true }))[0]
  } catch (error) {
    if (error instanceof LogGapError) return undefined
    throw error
  }
}
