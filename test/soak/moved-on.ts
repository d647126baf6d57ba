// Where a silent partition was moved on, by the logs: what comes after joins a later batch than its timestamp says, rightly so (I2).

import type { CloseCommit, SourceCommit } from '../../src/log/commit-record.ts'

/** A partition's frontier was moved to `frontier` by somebody who waited for it, before the record at `offset`. */
export interface MovedOn {
  readonly offset: number
  readonly frontier: number
}

/** What counts of an entry of a source task's log. */
export interface QuietEntry extends Pick<SourceCommit, 'kind' | 'frontier'> {
  readonly version: number
  readonly position: { readonly until: number } | undefined
}

/** What the closing log says of tasks. */
export type Marks = Pick<CloseCommit, 'tasks'>

/**
 * Whoever goes on without a partition says so in its log, or puts it to sleep there: then it is the closing log that says from which
 * frontier on it goes on, once it has been roused.
 */
export function movedOnIn(task: string, entries: Iterable<QuietEntry>, closings: readonly Marks[]): MovedOn[] {
  return [...entries].flatMap(({ kind, version, position, frontier }): MovedOn[] => {
    const offset = position?.until ?? 0
    if (kind === 'idle') return [{ offset, frontier }]
    if (kind !== 'sleep') return []
    const marks = closings.flatMap(({ tasks }) => tasks.filter((mark) => mark.task === task && mark.read === version))
    const roused = marks.find(({ asleep }) => !asleep)
    return roused ? [{ offset, frontier: roused.frontier }] : []
  })
}
