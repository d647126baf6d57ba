// The processes that run a job outside of AWS: each has a row that says how far it has come with what is wanted, and renews it. Who has
// not done so for long is gone: it was killed, or its machine was.

import { PROCESSES } from '../../names/rows.ts'
import type { JobRows } from '../../stores/table.ts'
import { exactly, type Infer, number, optional, shape, text } from '../../values/shape.ts'

/** How often a row is renewed; a write each, some $0.30 a month in DynamoDB. */
export const RENEWED_EVERY_MS = 10_000
/** Three times that, and clocks of machines differ. */
const GONE_AFTER_MS = 35_000
/** Rows of processes that were killed are deleted by whoever starts next. */
const FORGOTTEN_AFTER_MS = 86_400_000

/** What a row says. */
export type ProcessRow = Infer<typeof isProcess>
const isProcess = shape({
  host: text,
  pid: number,
  since: number,
  /** When the row was written, milliseconds. */
  seen: number,
  /** The number of the control row that it has done what it says. */
  obeys: number,
  phase: exactly('starting', 'running', 'paused', 'stopped', 'failed'),
  /** Invocations under way when the row was written. */
  inFlight: number,
  /** What it has failed at. */
  error: optional(text),
})

export type Phase = ProcessRow['phase']

export interface KnownProcess extends ProcessRow {
  readonly instance: string
}

export async function announce(table: JobRows, job: string, instance: string, row: ProcessRow): Promise<void> {
  const { error, ...data } = row
  await table.putRow(job, PROCESSES.of(instance), { rev: 1, data: { ...data, ...(error !== undefined && { error }) } })
}

export async function sayGoodbye(table: JobRows, job: string, instance: string): Promise<void> {
  await table.deleteRow(job, PROCESSES.of(instance))
}

/** Those that are alive, in an order that all agree on. */
export async function processesOf(table: JobRows, job: string, now = Date.now()): Promise<KnownProcess[]> {
  const all = await allOf(table, job)
  return all.filter(({ seen }) => now - seen < GONE_AFTER_MS).sort((a, b) => (a.instance < b.instance ? -1 : 1))
}

export async function forgetLongGone(table: JobRows, job: string, now = Date.now()): Promise<void> {
  const gone = (await allOf(table, job)).filter(({ seen }) => now - seen > FORGOTTEN_AFTER_MS)
  await Promise.all(gone.map(({ instance }) => sayGoodbye(table, job, instance)))
}

async function allOf(table: JobRows, job: string): Promise<KnownProcess[]> {
  const rows = await table.listRows(job, PROCESSES.all)
  return [...rows].flatMap(([name, { data }]) =>
    isProcess(data) ? [{ ...data, instance: PROCESSES.whose(name) }] : [],
  )
}
