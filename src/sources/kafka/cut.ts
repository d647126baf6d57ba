// Step 3 of the commit protocol, pure: what of an event is new to a task (I1), and whether anything is missing (I7).

import { OffsetGapError, TopicRecreatedError } from '../../errors/state-errors.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { KafkaEventRecord } from './event.ts'
import type { GapPolicy, OffsetHoles } from './kafka-source.ts'
import { checkFollows, isPassedOver } from './moved.ts'
import { keptTimestamp, mayBeCommitted, type Position } from './position.ts'

/** A hole in the offsets: `[from, until)` did not come. */
export interface Gap {
  readonly from: number
  readonly until: number
}

export interface CutRecords {
  /** Records to process, in offset order, none below the position. */
  readonly records: readonly KafkaEventRecord[]
  /** How many were dropped because they are committed already. */
  readonly duplicates: number
  /** Holes that policy or declaration lets pass. */
  readonly gaps: readonly Gap[]
}

export interface CutRules {
  readonly gaps: GapPolicy
  readonly holes: OffsetHoles
  /** The offset at which a task begins that has committed nothing; undefined: that of its first record. */
  readonly expected?: number | undefined
}

/**
 * Drops what is committed already and looks for holes.
 *
 * @param position where the task stands; undefined when nothing is committed yet, then the first record is the beginning.
 * @param known holes that somebody has declared (`millrace offsets skip`), ascending and apart.
 * @throws OffsetGapError for a hole that nothing explains, under the policy `fail`.
 * @throws PositionMovedError when an operator has moved the position back, and something else comes.
 * @throws TopicRecreatedError when a "duplicate" is younger than anything committed.
 */
export function cutRecords(
  task: TaskRef,
  records: readonly KafkaEventRecord[],
  position: Position | undefined,
  rules: CutRules,
  known: readonly Gap[] = [],
): CutRecords {
  const committed = position ? countDuplicates(task, records, position) : 0
  let fresh = committed === 0 ? records : records.slice(committed)
  if (position?.moved) checkFollows(task, position, fresh)
  const gaps: Gap[] = []
  let expected = position?.until ?? rules.expected ?? fresh[0]?.offset ?? 0
  let repeated = false
  for (const { offset } of fresh) {
    if (offset > expected) gaps.push({ from: expected, until: offset })
    if (offset < expected) repeated = true
    expected = Math.max(expected, offset + 1)
  }
  if (repeated) fresh = withoutRepeats(fresh)
  const [gap] = known.length === 0 ? gaps : gaps.flatMap((one) => unexplained(one, known))
  if (gap && rules.holes === 'none' && rules.gaps === 'fail') throw new OffsetGapError(task, gap.from, gap.until)
  return { records: fresh, duplicates: records.length - fresh.length, gaps }
}

/** What of a hole nobody has declared. */
function unexplained({ from, until }: Gap, known: readonly Gap[]): Gap[] {
  const left: Gap[] = []
  let at = from
  for (const hole of known) {
    if (hole.from > at) left.push({ from: at, until: Math.min(hole.from, until) })
    at = Math.max(at, hole.until)
    if (at >= until) return left.filter((gap) => gap.from < gap.until)
  }
  return [...left, { from: at, until }]
}

/** How many records at the front are below the position. */
function countDuplicates(task: TaskRef, records: readonly KafkaEventRecord[], position: Position): number {
  let count = 0
  for (const { offset, timestamp } of records) {
    if (offset >= position.until) break
    if (isPassedOver(position, offset)) {
      count++
      continue
    }
    if (
      offset === position.until - 1 &&
      position.timestamp !== undefined &&
      keptTimestamp(timestamp) !== position.timestamp
    ) {
      const detail = `the record at offset ${offset} had timestamp ${position.timestamp} and has ${timestamp} now`
      throw new TopicRecreatedError(task, position.until, offset, detail)
    }
    if (!mayBeCommitted(position, timestamp)) {
      const detail = `its timestamp ${timestamp} is later than that of any committed record (${position.maxTimestamp})`
      throw new TopicRecreatedError(task, position.until, offset, detail)
    }
    count++
  }
  return count
}

/** An event that holds a record twice is not known of AWS; if it happens, the first of each offset counts. */
function withoutRepeats(records: readonly KafkaEventRecord[]): KafkaEventRecord[] {
  let next = Number.NEGATIVE_INFINITY
  return records.filter(({ offset }) => {
    if (offset < next) return false
    next = offset + 1
    return true
  })
}
