// What a job keeps, for people: per operator its cells, folded from the last snapshot and the commits since, whatever code wrote them.

import { inspect } from 'node:util'
import { isCloseCommit, type StateChange } from '../../log/commit-record.ts'
import { keptBy, type Logs } from '../../log/kept-state.ts'
import { TaskLog } from '../../log/task-log.ts'
import { bucketTask, closingTask, type TaskRef } from '../../names/tasks.ts'

/** Cells of one operator, by what they are called. */
type Cells = Map<string, { readonly cell: unknown; readonly value: unknown }>

/** So many of each operator are shown. */
const SHOWN = 10

export async function describeState(job: string, places: Logs): Promise<string[]> {
  const { table, objects, bucket } = places
  const head = await new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit).head()
  if (!head) return [`${job} has no state yet`]
  const operators = new Map<string, Cells>()
  for (const [stage, versions] of head.record.buckets) {
    for (const index of versions.keys()) await fold(bucketTask(job, stage, index), places, operators)
  }
  const lines = [...operators].flatMap(([operator, cells]) => {
    if (operator === '' || cells.size === 0) return []
    const shown = [...cells.values()].slice(0, SHOWN).map(({ cell, value }) => `    ${inCell(cell)}: ${inLine(value)}`)
    const more = cells.size > SHOWN ? [`    … and ${(cells.size - SHOWN).toLocaleString('en')} more`] : []
    return [`  ${operator} keeps ${cells.size.toLocaleString('en')} cells`, ...shown, ...more]
  })
  return [`state of ${job}:`, ...(lines.length > 0 ? lines : ['  nothing is kept at the moment'])]
}

async function fold(task: TaskRef, places: Logs, into: Map<string, Cells>): Promise<void> {
  for (const [operator, changes] of await keptBy(task, places)) {
    const cells: Cells = into.get(operator) ?? new Map()
    into.set(operator, cells)
    for (const change of changes) apply(cells, change)
  }
}

function apply(cells: Cells, { cell, value, deleted }: StateChange): void {
  const name = inspect(cell, { depth: null })
  if (deleted) cells.delete(name)
  else cells.set(name, { cell, value })
}

/** `[name, key]` by its key. */
function inCell(cell: unknown): string {
  if (!Array.isArray(cell)) return inLine(cell)
  return cell.length === 1 ? String(cell[0]) : `${cell[0]} ${inLine(cell[1])}`
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
