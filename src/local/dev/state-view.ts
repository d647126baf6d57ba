// What a job keeps, for people: the first keys of every operator that keeps something, in buckets and in place.

import { inspect } from 'node:util'
import type { Logs } from '../../log/kept-state.ts'
import { entriesOf, type KeptEntry } from '../../runtime/kept/entries.ts'
import { type KeptOperator, keptJob } from '../../runtime/kept/operators.ts'
import { TaskState, taskState } from '../../runtime/kept/task-state.ts'

/** So many of each operator are shown. */
const SHOWN = 10

export async function describeState(job: string, logs: Logs): Promise<string[]> {
  const kept = await keptJob(job, logs)
  if (!kept || kept.operators.every(({ tasks }) => tasks.length === 0)) return [`${job} has no state yet`]
  const lines: string[] = []
  for (const operator of kept.operators) lines.push(...(await describeOperator(operator, kept.batch, logs)))
  return [`state of ${job}:`, ...(lines.length > 0 ? lines : ['  nothing is kept at the moment'])]
}

async function describeOperator({ id, form, tasks }: KeptOperator, batch: number, logs: Logs): Promise<string[]> {
  const shown: string[] = []
  let count = 0
  for (const task of tasks) {
    const state = await taskState(task, logs, batch)
    if (!(state instanceof TaskState)) continue
    for (const entry of entriesOf(state, id, form)) if (count++ < SHOWN) shown.push(`    ${inWords(entry)}`)
  }
  if (count === 0) return []
  const more = count > SHOWN ? [`    … and ${(count - SHOWN).toLocaleString('en')} more`] : []
  return [`  ${id} keeps ${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'}`, ...shown, ...more]
}

function inWords({ cell, time, key, value }: KeptEntry): string {
  const where = time === undefined ? cell : `${cell} ${time}`
  return `${where}${key === undefined ? '' : ` ${inLine(key)}`}: ${inLine(value)}`
}

const inLine = (value: unknown): string => {
  const text = inspect(value, {
    depth: 4,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 10,
    maxStringLength: 80,
  })
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
