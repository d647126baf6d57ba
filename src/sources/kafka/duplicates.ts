// Step 3 of the commit protocol, for records below the committed position: they are dropped only when nothing says that they
// are others than those which were committed (I1, I7). What was committed last is in memory; for older ones the log is read,
// which costs some ten reads and happens only when somebody moves the consumer group back.

import { TopicRecreatedError } from '../../errors/state-errors.ts'
import type { Past } from '../source.ts'
import type { KafkaEventRecord } from './event.ts'
import { judge } from './evidence.ts'
import type { KafkaSource } from './kafka-source.ts'
import { isPassedOver } from './moved.ts'
import { hasStart } from './pass-over.ts'
import type { Position } from './position.ts'

/**
 * @param records in offset order; those from the position on are not looked at.
 * @throws TopicRecreatedError for a record that is another than the one which was committed at its offset, or that lies before
 * the offset at which the task began.
 */
export async function checkDuplicates(
  past: Past<Position>,
  records: readonly KafkaEventRecord[],
  sources: readonly KafkaSource[],
): Promise<void> {
  const { position } = past
  const [first] = records
  if (!position || !first || first.offset >= position.until) return
  const began = hasStart(sources) ? (position.began ?? 0) : 0 // what lies before was passed over, and `cut` has looked at it
  const duplicates = records.filter(({ offset }) => offset >= began && offset < position.until)
  const [oldest] = duplicates
  if (!oldest) return
  if (hold(past, duplicates, position)) return
  if (isPassedOver(position, oldest.offset)) {
    const passed = { task: past.task.task, from: oldest.offset, until: position.until, records: duplicates.length }
    return past.warn(passed, 'passed over records: an operator has moved the position beyond them')
  }
  const inMemory = oldest.offset >= (position.printsFrom ?? position.from)
  const older = inMemory ? undefined : await findCommit(past, oldest.offset)
  if (older && hold(past, duplicates, older)) return
  const facts = { task: past.task.task, from: oldest.offset, until: position.until, records: duplicates.length }
  past.warn(
    facts,
    'dropped records that come again, though the log cannot tell whether they are the same as those that were committed',
  )
}

/** Whether a position knows one of the records. @throws TopicRecreatedError when it knows another. */
function hold(past: Past<Position>, duplicates: readonly KafkaEventRecord[], position: Position): boolean {
  let known = false
  for (const record of duplicates) {
    const verdict = judge(record, position)
    if (verdict === 'same') known = true
    else if (verdict !== 'unknown') throw recreated(past, record, position, verdict)
  }
  return known
}

function recreated(
  { task, position }: Past<Position>,
  { offset }: KafkaEventRecord,
  { began = 0 }: Position,
  verdict: 'other' | 'new',
) {
  const until = position?.until ?? 0
  const detail =
    verdict === 'other'
      ? `the record at offset ${offset} is another than the one that was committed`
      : `offset ${offset} lies before ${began}, where this job began to read, unless the consumer group was moved back ` +
        `(then move it forward again, to ${until})`
  return new TopicRecreatedError(task, until, offset, detail)
}

/** The position of the commit that holds an offset, by bisection; undefined when it has expired. Versions are dense, and so are positions. */
async function findCommit(past: Past<Position>, offset: number): Promise<Position | undefined> {
  let [low, high] = [2, past.version] // version 1 is the birth
  while (low <= high) {
    const middle = Math.floor((low + high) / 2)
    const position = (await past.entryAt(middle))?.record.position
    if (!position || position.until <= offset) low = middle + 1
    else if (position.from > offset) high = middle - 1
    else return position
  }
  return undefined
}
