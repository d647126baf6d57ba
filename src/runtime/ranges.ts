// Where the records of a closed batch stand in their feeds, as the commits of source tasks have noted it. Offsets ascend with batch
// times, so that of each task it is one span.

import type { Kinds } from '../sources/kinds.ts'
import type { OffsetRange } from '../sources/source.ts'
import { inOrder, type LogReader } from './closing/log-reader.ts'

/** By topic and partition. @param readers with all that they have of batches that are about to run. */
export function rangesIn(
  readers: readonly LogReader[],
  kinds: Kinds,
): (time: number, feeds: ReadonlySet<string>) => readonly OffsetRange[] {
  let tasks: readonly { readonly task: string; readonly byTime: ReturnType<LogReader['inputs']> }[] | undefined
  return (time, feeds) => {
    tasks ??= inOrder(readers).map((reader) => ({ task: reader.task, byTime: reader.inputs() }))
    return tasks.flatMap(({ task, byTime }) => {
      const read = byTime.get(time)?.read ?? []
      const [first, last] = [read[0]?.[2], read.at(-1)?.[3]]
      if (first === undefined || last === undefined || !feeds.has(kinds.feedOf(task))) return []
      return kinds.of(task).rangeOf?.(task, first, last) ?? []
    })
  }
}
