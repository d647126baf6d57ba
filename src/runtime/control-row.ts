// The row that says what is to become of a job: run, be paused, or stopped. It is the one place where that stands: so it holds for every
// process of the job, those that come later too, and outlives them (docs/decisions/080-stop-and-start.md).

import { UnreadableStateError } from '../errors/state-errors.ts'
import { CONTROL_ROW } from '../names/rows.ts'
import type { JobRow, JobRows } from '../stores/table.ts'
import { exactly, flag, type Infer, list, number, optional, shape, text, tuple } from '../values/shape.ts'

/** What the row says. */
export type Control = Infer<typeof isControl>
const isControl = shape({
  wanted: exactly('running', 'paused', 'stopped'),
  /** Since when, milliseconds. */
  since: number,
  /** How often the job was started. */
  attempt: number,
  /** Environment variables of the job, over those that its processes give it. */
  parameters: list(tuple<[name: string, value: string]>(text, text)),
  /** It is stopped when everything that is open has been closed. `until`: the end of the last window, once that is known. */
  drain: optional(shape({ until: optional(number), done: flag })),
})

export interface KnownControl extends Control {
  /** Of the row: 0 when there is none. */
  readonly rev: number
}

/** Of a job that nobody has ever stopped or started. */
const NEVER_ASKED: KnownControl = { wanted: 'running', since: 0, attempt: 0, parameters: [], rev: 0 }

/** @throws UnreadableStateError */
export async function readControl(table: JobRows, job: string): Promise<KnownControl> {
  const row = await table.getRow(job, CONTROL_ROW)
  if (!row) return NEVER_ASKED
  if (!isControl(row.data)) throw new UnreadableStateError(`row ${CONTROL_ROW} of job ${job}`, 'it is of no known form')
  return { ...row.data, rev: row.rev }
}

/**
 * Changes what is wanted, whoever else does at the same moment.
 *
 * @param change gives what is to be there; undefined: it stays.
 * @returns what is there now.
 */
export async function changeControl(
  table: JobRows,
  job: string,
  change: (before: KnownControl) => Control | undefined,
): Promise<KnownControl> {
  for (;;) {
    const before = await readControl(table, job)
    const after = change(before)
    if (!after) return before
    const rev = before.rev + 1
    if ((await table.replaceRow(job, CONTROL_ROW, rowOf(after, rev), before.rev || undefined)) === 'replaced')
      return { ...after, rev }
  }
}

function rowOf({ wanted, since, attempt, parameters, drain }: Control, rev: number): JobRow {
  const { until, done } = drain ?? {}
  return {
    rev,
    data: {
      wanted,
      since,
      attempt,
      parameters: parameters.map(([name, value]) => [name, value]),
      ...(done !== undefined && { drain: { done, ...(until !== undefined && { until }) } }),
    },
  }
}
