// The row that says which wake-ups of a job are under way. What it names, the queue has; what it does not name may go.

import { WAKE_ROW } from '../names/rows.ts'
import type { JobRow, JobRows, JsonValue } from '../stores/table.ts'

/** SQS's greatest delay. A wake-up for later comes after 15 minutes and is passed on. */
export const LONGEST_DELAY_MS = 900_000

/** A message that is later than this is lost, for all anybody knows: a queue gives up what fails too often. */
const GIVEN_UP_AFTER_MS = 900_000

/** A wake-up that comes this much later than asked for will do as well: not worth a second one. */
const SOON_MS = 1000

/** The next ones, and one for a time far ahead, which need not be armed anew whenever something nearer is. */
const NAMED = 4

/** A wake-up that is under way. */
export interface Armed {
  readonly at: number
  /** Which of its messages counts: each has a turn of its own, and later ones greater ones. */
  readonly turn: number
  /** When the queue brings that message: when it is due, or before if it has to be passed on. */
  readonly next: number
}

/** Whether a wake-up will look in time for something at `at`. */
export function covers(one: Armed, at: number, now: number): boolean {
  return one.at > now && one.at <= at + SOON_MS
}

/** Those that the row names and that are still to come. Rows of older code name one, and do not say where it is. */
export function armedIn(row: JobRow | undefined, now: number): Armed[] {
  if (!row) return []
  const { at, fired, armed } = row.data
  const list = Array.isArray(armed) ? armed.flatMap(parseArmed) : []
  const all = list.length > 0 || typeof at !== 'number' || at === fired ? list : [{ at, turn: 0, next: at }]
  return all.filter((one) => one.at > now && now <= one.next + GIVEN_UP_AFTER_MS)
}

function parseArmed(value: JsonValue): Armed[] {
  if (!Array.isArray(value)) return []
  const [at, turn, next] = value
  return typeof at === 'number' && typeof turn === 'number' && typeof next === 'number' ? [{ at, turn, next }] : []
}

/**
 * The row that follows `row`.
 *
 * @param fired the time of the wake-up that is being handled: those up to there are not under way any more.
 */
export function rowOf(row: JobRow | undefined, armed: readonly Armed[], fired?: number): JobRow {
  const left = armed.filter((one) => fired === undefined || one.at > fired)
  const named = left.sort((a, b) => a.at - b.at).slice(0, NAMED)
  const rev = (row?.rev ?? 0) + 1
  const [first] = named
  if (!first) return { rev, data: { at: fired ?? 0, fired: fired ?? 0 } }
  return { rev, data: { at: first.at, armed: named.map(({ at, turn, next }) => [at, turn, next]) } }
}

/** A wake-up as its row has it. */
export interface WakeUp {
  readonly at: number
  /** Of the row: tells one naming of a time from the next. */
  readonly rev: number
  /** Somebody has begun to handle it, and need not have come to an end. */
  readonly begun: boolean
}

/** The wake-up that the row names first. */
export async function firstWakeUp(table: JobRows, job: string): Promise<WakeUp | undefined> {
  const row = await table.getRow(job, WAKE_ROW)
  return row && { at: Number(row.data.at), rev: row.rev, begun: row.data.at === row.data.fired }
}

/** When the job's next wake-up is due, or the last one was, milliseconds; undefined when none was ever armed. */
export async function nextWakeUp(table: JobRows, job: string): Promise<number | undefined> {
  const row = await table.getRow(job, WAKE_ROW)
  return row && Number(row.data.at)
}
