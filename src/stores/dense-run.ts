// What every table has in common: a reader of a log gets all of it or an error (I7).

import { LogGapError } from '../errors/log-errors.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { LogItem } from './table.ts'

/**
 * Passes items on that start right above `after` and are dense.
 *
 * DynamoDB deletes expired items in no particular order and up to days late, so a gap may show at the beginning or in
 * the middle; both are the same trouble. Items past their time that are still there are valid: deleting them is the only
 * way in which expiry shows, so a read never depends on the reader's clock.
 *
 * @throws LogGapError
 */
export function denseRun(task: TaskRef, after: number, items: LogItem[]): LogItem[] {
  let expected = after + 1
  for (const { version } of items) {
    if (version !== expected) throw new LogGapError(task, expected, version - 1)
    expected++
  }
  return items
}
