// Keys of the single table (DESIGN §3, docs/decisions/001). Every part that users name is escaped, and logs and rows begin with
// letters of their own: no job, stage or task can reach into the keys of another.

import { escapeKeyPart, unescapeKeyPart } from './escape.ts'
import type { TaskRef } from './tasks.ts'

/** Partition key of a task's commit log. */
export function logKey({ job, stage, task }: TaskRef): string {
  return `${logKeysOf(job)}${escapeKeyPart(stage)}#${escapeKeyPart(task)}`
}

/** What the keys of all logs of a job begin with, and those of no other. */
export function logKeysOf(job: string): string {
  return `L#${escapeKeyPart(job)}#`
}

/** Partition key of what is known about a job as a whole. */
export function jobKey(job: string): string {
  return `J#${escapeKeyPart(job)}`
}

/** What the keys of all jobs begin with, and no others. */
export const JOB_KEYS = 'J#'

/** The job of that key; undefined when it is none of `jobKey`. */
export function jobOfKey(key: string): string | undefined {
  return key.startsWith(JOB_KEYS) ? unescapeKeyPart(key.slice(2)) : undefined
}

/** Digits of `Number.MAX_SAFE_INTEGER`: padded to this, versions sort as strings in the order of numbers. */
export const VERSION_DIGITS = 16

/** Sort key of a version of a commit log: `0000000000000042`. */
export function versionKey(version: number): string {
  if (!Number.isSafeInteger(version) || version < 0) throw new Error(`${version} is no version`)
  return String(version).padStart(VERSION_DIGITS, '0')
}

/** The version of that key; undefined when it is none. */
export function versionOfKey(key: string): number | undefined {
  return /^\d{16}$/.test(key) ? Number(key) : undefined
}

/** What an entry's bytes are bound to (`log/codec.ts`): one of another log or version is not taken for it. */
export function entryPlace(task: TaskRef, version: number): string {
  return `${logKey(task)}#${versionKey(version)}`
}

/**
 * Sort key of a row. Row names separate their parts with `#` (`trouble#lines-0`), so that one stays; a lone `%`, which
 * escaping never makes, stands for the empty name, which DynamoDB does not take as a key. The start of a name maps to the start of its key.
 */
export function rowSortKey(name: string): string {
  return name === '' ? '%' : rowSortKeyPrefix(name)
}

export function rowSortKeyPrefix(prefix: string): string {
  return prefix.split('#').map(escapeKeyPart).join('#')
}

/** The name that `rowSortKey` made this key from. */
export function rowName(sortKey: string): string {
  return sortKey === '%' ? '' : unescapeKeyPart(sortKey)
}
