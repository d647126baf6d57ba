// Offsets that somebody has declared missing for good (`millrace offsets skip`): a record too large for any event, which the
// event source dropped, or what retention deleted. Read only where a hole would otherwise stop its task (I7).

import { UnreadableStateError } from '../../errors/state-errors.ts'
import { HOLES } from '../../names/rows.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { JobRow, JobRows } from '../../stores/table.ts'
import { list, shape, whole } from '../../values/shape.ts'
import type { Gap } from './cut.ts'

type Task = Pick<TaskRef, 'job' | 'task'>

const isHoles = shape({ holes: list(shape({ from: whole, until: whole })) })

/** The holes declared for a task, ascending and apart. */
export async function knownHoles(table: JobRows, task: Task): Promise<readonly Gap[]> {
  return readHoles(task, await table.getRow(task.job, HOLES.of(task.task)))
}

/** Declares a hole and returns all that are declared then; what is declared already stays. */
export async function declareHole(table: JobRows, task: Task, hole: Gap): Promise<readonly Gap[]> {
  for (;;) {
    const row = await table.getRow(task.job, HOLES.of(task.task))
    const holes = merged([...readHoles(task, row), hole])
    const data = { holes: holes.map(({ from, until }) => ({ from, until })) }
    const outcome = await table.replaceRow(task.job, HOLES.of(task.task), { rev: (row?.rev ?? 0) + 1, data }, row?.rev)
    if (outcome === 'replaced') return holes
  }
}

function merged(holes: readonly Gap[]): Gap[] {
  const result: Gap[] = []
  for (const { from, until } of holes.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && from <= last.until) result.splice(-1, 1, { from: last.from, until: Math.max(last.until, until) })
    else result.push({ from, until })
  }
  return result
}

/** @throws UnreadableStateError: taken for no holes, a task would stop at one that was declared and nobody would know why. */
function readHoles(task: Task, row: JobRow | undefined): readonly Gap[] {
  if (!row) return []
  if (isHoles(row.data)) return row.data.holes
  throw new UnreadableStateError(`row ${HOLES.of(task.task)} of job ${task.job}`, 'it is no list of holes')
}
