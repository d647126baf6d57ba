// How long the newest entry that is found of a log can be taken for the newest there was. DynamoDB deletes what has expired in
// any order and up to days late, so an entry past its time says nothing about those after it: they may have gone before it.
// Three rules make an entry that is in its time the head for certain (docs/decisions/048):
//
// - the first entry of a log never expires, and a quiet log ends in one that does not (a seal);
// - such an entry is given a time, that of what follows, before anything follows it;
// - times never fall from one entry to the next.

import type { TaskRef } from '../names/tasks.ts'
import type { LogItem } from '../stores/table.ts'

export interface LogLife {
  /** Milliseconds since the epoch. */
  now(): number
  /** How long entries are kept, milliseconds. */
  readonly retention: number
  /** Entries whose time was over by then (milliseconds) count all the same: the table was restored to that moment, or deletes nothing. */
  readonly trustExpired?: number | undefined
  /** Told when spilled records that nothing names any more could not be deleted. */
  leftBehind?(task: TaskRef, cause: unknown): void
}

/** By how much the clocks of those who commit and those who read may differ. An hour of retention is the least there is. */
const CLOCKS_DIFFER_BY_MS = 60_000

/** Seconds after which an entry is no head any more unless something follows; undefined: it is one for good. */
export function headUntil({ expiresAt, headUntil: until }: Omit<LogItem, 'body'>): number | undefined {
  return until ?? expiresAt
}

/** Whether nothing that followed can have expired. */
export function isHeadForCertain(item: LogItem, { now, trustExpired = 0 }: LogLife): boolean {
  const until = headUntil(item)
  if (until === undefined) return true
  return until * 1000 > now() + CLOCKS_DIFFER_BY_MS || until * 1000 <= trustExpired
}
