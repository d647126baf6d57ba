// What jobs with values read: numbered words, by key.

import { type DStream, type JobContext, text } from '../../../src/index.ts'
import { TOPICS } from '../jobs.ts'
import { parseNumbered } from '../kind.ts'

/** @param version 2 has an operator more that changes nothing */
export function numbered(
  kafka: JobContext['kafka'],
  inPlace: boolean,
  version: number,
): DStream<readonly [string, number]> {
  const records = kafka(inPlace ? TOPICS[0] : TOPICS, { value: text() })
  const pairs = (version === 1 ? records : records.filter(() => true)).map(({ value }) => {
    const { word, number } = parseNumbered(value)
    return [word, number] as const
  })
  return inPlace ? pairs.preservesPartitioning({ newPartitions: 'join' }) : pairs
}
