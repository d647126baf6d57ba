// What became of each start of a job, for as long as its table is there: the answer to an application id outlives the process.

import { attemptName } from '../../names/applications.ts'
import { ATTEMPTS } from '../../names/rows.ts'
import type { Control } from '../../runtime/control-row.ts'
import type { JobRows } from '../../stores/table.ts'
import { exactly, type Infer, number, optional, shape } from '../../values/shape.ts'

export type Attempt = Infer<typeof isAttempt>
const isAttempt = shape({
  /** Milliseconds. */
  started: number,
  ended: optional(number),
  /** How it was ended. */
  how: optional(exactly('stopped', 'drained')),
})

export async function attemptOf(table: JobRows, job: string, attempt: number): Promise<Attempt | undefined> {
  const row = await table.getRow(job, ATTEMPTS.of(attemptName(attempt)))
  return row && isAttempt(row.data) ? row.data : undefined
}

/** Nothing changes when it was noted before. */
export async function noteStart(table: JobRows, job: string, { attempt, since }: Control): Promise<void> {
  await table.createRow(job, ATTEMPTS.of(attemptName(attempt)), { rev: 1, data: { started: since } })
}

export async function noteEnd(table: JobRows, job: string, { attempt, since, drain }: Control): Promise<void> {
  const name = ATTEMPTS.of(attemptName(attempt))
  const row = await table.getRow(job, name)
  const started = row && isAttempt(row.data) ? row.data.started : since
  const data = { started, ended: since, how: drain ? 'drained' : 'stopped' }
  await table.replaceRow(job, name, { rev: (row?.rev ?? 0) + 1, data }, row?.rev)
}
