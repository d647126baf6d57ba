// What lies before the beginning of a task (`startingOffsets`), told from what is new, and from what was committed.

import { StartingOffsetsError } from '../../errors/runtime-errors.ts'
import type { Past } from '../source.ts'
import type { KafkaEventRecord } from './event.ts'
import { judge } from './evidence.ts'
import type { KafkaSource } from './kafka-source.ts'
import { believed, mayBeCommitted, type Position } from './position.ts'
import { passesOver, startOf } from './starting-offsets.ts'

/** Records from where the task begins on, and the offset that the first of them must have; undefined: whichever comes. */
export interface FromStart {
  readonly records: readonly KafkaEventRecord[]
  readonly expected?: number | undefined
}

/** Whether sources say where tasks begin, and the job has to see to it itself. */
export function hasStart(sources: readonly KafkaSource[]): boolean {
  return sources.some(({ start }) => passesOver(start))
}

/** Costs nothing but a comparison where nothing is said. @throws StartingOffsetsError */
export async function fromStart(
  past: Past<Position>,
  records: readonly KafkaEventRecord[],
  [source]: readonly KafkaSource[], // all that read a topic say the same
): Promise<FromStart> {
  if (!source || !passesOver(source.start)) return { records }
  const { task } = past
  // What was passed over comes again as long as the consumer group has not got beyond it. What cannot have been is of a topic made again.
  const stands = believed(past)
  if (stands) {
    const { began = 0 } = stands
    // It may be later than all that was committed, as of another producer: a record that was committed and came with it tells.
    const other =
      records.some((one) => one.offset < began && !mayBeCommitted(stands, one.timestamp)) &&
      !records.some((one) => one.offset < stands.until && judge(one, stands) === 'same')
    return { records: other ? records : after(records, began) }
  }
  const { offset, time } = await startOf(task, source.start)
  if (time !== undefined) {
    // As Kafka answers it: the first record that is not earlier, whatever comes behind it.
    const first = records.findIndex(({ timestamp }) => timestamp >= time)
    return { records: first < 0 ? [] : records.slice(first) }
  }
  if (offset === undefined) return { records }
  const passed = records.find((record) => record.offset < offset && record.timestamp > past.at + past.clockSkew)
  if (passed) {
    const when = new Date(passed.timestamp).toISOString()
    throw new StartingOffsetsError(
      task,
      `it says ${offset}, and the record at offset ${passed.offset} is of ${when}, after the job had begun to read the partition: ${offset} is beyond its end, and records that nobody has read would be passed over. ` +
        'Correct it and deploy again; nothing was passed over since',
    )
  }
  return { records: after(records, offset), expected: offset }
}

function after(records: readonly KafkaEventRecord[], offset: number): readonly KafkaEventRecord[] {
  const first = records.findIndex((record) => record.offset >= offset)
  return first < 0 ? [] : first === 0 ? records : records.slice(first)
}
