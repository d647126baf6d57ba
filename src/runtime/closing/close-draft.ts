// What closing would commit, pure: which batch times every source task has passed, and what completes them.

import type { CloseCommit, Effect, ReadMark } from '../../log/commit-record.ts'
import type { PlannedOutput } from '../../plan/plan.ts'
import { completeBatch } from '../outputs.ts'
import { MAX_INTERVALS } from '../schedule.ts'
import { closedBy, earliest } from '../time.ts'
import { type Lacking, NOTHING_LACKS } from '../whole.ts'
import { frontierOf, type LogReader } from './log-reader.ts'

export interface CloseDraft {
  readonly closedUntil: number
  /** Batch times with data that get closed, ascending. */
  readonly closed: readonly number[]
  readonly marks: readonly ReadMark[]
  readonly outbox: readonly Effect[]
  readonly lacks: Pick<CloseCommit, 'lacking'>
}

/**
 * Undefined when nothing can be closed at which something would happen. `readers` in the order in which partials are folded.
 *
 * @param due times at which buckets have something to do although nothing came
 * @param outputs those of the source stage
 * @param lacking by batch time, outputs of the job that do not have it whole: nothing says that they are complete
 */
export function draftClose(
  readers: readonly LogReader[],
  closedUntil: number,
  batch: number,
  outputs: readonly PlannedOutput[],
  due: readonly number[],
  lacking: Lacking = NOTHING_LACKS,
): CloseDraft | undefined {
  if (readers.length === 0) return undefined
  const frontier = closedBy(frontierOf(readers), batch)
  const times = new Set(readers.flatMap(({ openTimes }) => openTimes))
  const first = earliest([...times, ...due].filter((time) => time > closedUntil))
  if (first > frontier) return undefined
  const reached = Math.min(frontier, first + (MAX_INTERVALS - 1) * batch)
  const closed = [...times].filter((time) => time > closedUntil && time <= reached).sort((a, b) => a - b)
  const some = closed.flatMap((time) => {
    const outputs = lacking.get(time)
    return outputs ? [[time, [...outputs].sort()] as const] : []
  })
  return {
    closedUntil: reached,
    closed,
    marks: readers.map((reader) => reader.markAt(reached)),
    outbox: closed.flatMap((time) =>
      completeBatch(outputs, time, () => readers.flatMap((reader) => reader.partsOf(time)), lacking),
    ),
    lacks: some.length > 0 ? { lacking: some } : {},
  }
}
