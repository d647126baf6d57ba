// Which keys (`names/table-keys.ts`) and items the single table takes: what the memory table and DynamoDB have in common, so that
// what DynamoDB would refuse is refused in tests as well.

import { InvalidOptionError } from '../errors/errors.ts'
import { ItemTooLargeError } from '../errors/log-errors.ts'
import { logKey, VERSION_DIGITS, versionKey } from '../names/table-keys.ts'
import { describeTask, type TaskRef } from '../names/tasks.ts'
import { MAX_ITEM_BYTES } from './table.ts'

/** DynamoDB's limits for the two parts of a key, in bytes of UTF-8. */
export const MAX_PARTITION_KEY_BYTES = 2048
const MAX_SORT_KEY_BYTES = 1024

/** Sort key of a version of a commit log, as a store is asked for it. */
export function versionSortKey(version: number): string {
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new InvalidOptionError(`A version of a commit log is a whole number from 0 up; got ${version}.`)
  }
  return versionKey(version)
}

/** @throws InvalidOptionError when a name is longer than DynamoDB can hold in a key. */
export function checkKey(partitionKey: string, sortKey: string): void {
  // A UTF-16 unit is at most three bytes, so ordinary keys are known to be short enough without being measured.
  if (partitionKey.length * 3 > MAX_PARTITION_KEY_BYTES) limit('partition', partitionKey, MAX_PARTITION_KEY_BYTES)
  if (sortKey.length * 3 > MAX_SORT_KEY_BYTES) limit('sort', sortKey, MAX_SORT_KEY_BYTES)
}

function limit(kind: string, key: string, max: number): void {
  const bytes = Buffer.byteLength(key)
  if (bytes <= max) return
  throw new InvalidOptionError(
    `The ${kind} key "${key.slice(0, 60)}…" has ${bytes} bytes, and DynamoDB takes ${max}. It is made of the names of ` +
      'the job, its stage and its task (topic and partition): shorten the longest of them.',
  )
}

// What DynamoDB counts beside key and body: the attribute names pk, sk, b, ttl and rev, data (11 bytes at most) and a
// number (at most 21, of ours at most 9). Rounded up, so that what passes here passes there.
const OVERHEAD_BYTES = 32

/** How many bytes of body fit into one item of this task's log. */
export function maxBodyBytes(task: TaskRef): number {
  return MAX_ITEM_BYTES - Buffer.byteLength(logKey(task)) - VERSION_DIGITS - OVERHEAD_BYTES
}

/** What DynamoDB counts of an entry with that body. */
export function itemBytes(task: TaskRef, body: Uint8Array): number {
  return body.byteLength + Buffer.byteLength(logKey(task)) + VERSION_DIGITS + OVERHEAD_BYTES
}

/** @throws ItemTooLargeError before DynamoDB would answer with an unspecific ValidationException. */
export function checkBodySize(task: TaskRef, version: number, body: Uint8Array): void {
  const max = maxBodyBytes(task)
  if (body.byteLength > max)
    throw new ItemTooLargeError(`version ${version} of ${describeTask(task)}`, body.byteLength, max)
}

/** The same for a row. */
export function checkRowSize(partitionKey: string, sortKey: string, data: string): void {
  const bytes = Buffer.byteLength(data)
  const max = MAX_ITEM_BYTES - Buffer.byteLength(partitionKey) - Buffer.byteLength(sortKey) - OVERHEAD_BYTES
  if (bytes > max) throw new ItemTooLargeError(`row ${sortKey} of ${partitionKey}`, bytes, max)
}
