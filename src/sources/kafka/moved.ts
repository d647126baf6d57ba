// A position that an operator has set (`millrace offsets set`), pure. Back: what was counted is told and counted again, and it must begin
// exactly there, since what comes instead is of a consumer group that was not moved, and policies for holes would take the way there for one
// (I7). Forward: what lies on the way is passed over unread.

import { PositionMovedError } from '../../errors/state-errors.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { KafkaEventRecord } from './event.ts'
import type { Position } from './position.ts'

/**
 * The position as an operator sets it.
 *
 * @param now what timestamps of records that are passed over may be: none of them may look like one of a topic made again
 */
export function movedTo(position: Position, to: number, now: number): Position {
  const { until, maxTimestamp, ahead, began, first, moved, again = 0 } = position
  const times = to < until ? again + 1 : again
  // Moved twice before anything came: what was counted reaches as far as it did.
  const from = moved ? furthest(moved, until) : until
  const begins = began !== undefined && began <= to
  return {
    from: to,
    until: to,
    maxTimestamp: to > until ? Math.max(maxTimestamp, now) : maxTimestamp,
    ...(ahead && { ahead }),
    ...(begins && { began, first }),
    moved: { to, from },
    ...(times > 0 && { again: times }),
  }
}

/** Up to where records were counted, or passed over, before. */
function furthest({ from }: { readonly from: number }, until: number): number {
  return Math.max(from, until)
}

/** Whether records below the position may be others than those that were committed: they were passed over. */
export function isPassedOver({ until, moved }: Position, offset: number): boolean {
  return moved !== undefined && moved.from <= offset && offset < until
}

/** What the next position keeps of moves: of the last, until all has been told again that was told before; and how many went back. */
export function stillMoved(
  { moved, again }: Pick<Position, 'moved' | 'again'>,
  until: number,
): Pick<Position, 'moved' | 'again'> {
  return { ...(moved && until < moved.from && { moved }), ...(again !== undefined && { again }) }
}

/**
 * Whether what comes next can be what follows.
 *
 * @throws PositionMovedError when a consumer group has not been moved, or a delivery from before the move is still under way.
 */
export function checkFollows(
  task: TaskRef,
  { until, moved }: Position,
  fresh: readonly Pick<KafkaEventRecord, 'offset'>[],
): void {
  const [first] = fresh
  if (!moved || !first || until >= moved.from) return
  const justMoved = until === moved.to && first.offset !== until
  let expected = until
  for (const { offset } of fresh) {
    if (justMoved || (offset > expected && expected < moved.from && offset >= moved.from))
      throw new PositionMovedError(task, expected, moved.from, offset)
    expected = offset + 1
  }
}
