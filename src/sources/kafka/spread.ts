// Which bucket a record goes to that belongs to none: by partition and offset, so that cutting makes no difference (I2).

import { hashOf } from '../../values/hash.ts'

/**
 * Round by round: `count` offsets in a row go to all buckets, so dense ones are spread exactly. Each round begins somewhere else,
 * or a filter that lets every second offset pass would leave half of the buckets empty.
 */
export function bucketOfOffset(partition: number, offset: number, count: number): number {
  const round = Math.floor(offset / count)
  return ((offset % count) + partition + (round === 0 ? 0 : hashOf(round))) % count
}
