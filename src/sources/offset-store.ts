// Where positions are kept for others: a consumer group, a hash of Redis, a table. A job's own positions are in its logs; these are
// copies for who looks from outside (`mirror`), and places to begin at (`startingOffsets`).

import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'

/** The next record of a partition that is to be read. */
export interface PartitionOffset {
  /** The topic's name. */
  readonly topic: string
  /** Of the topic, from 0. */
  readonly partition: number
  /** The offset after the last one that was read. */
  readonly offset: number
}

/**
 * Keeps positions outside of a job. `consumerGroup` of `millrace/kafka` and `redisOffsets` of `millrace/redis` are ready to use; one of your
 * own is an object with these.
 *
 * @example
 * const table = new Map<string, number>()
 * const own: OffsetStore = {
 *   name: 'my table',
 *   read: async (topic) =>
 *     [0, 1].map((partition) => ({ topic, partition, offset: table.get(`${topic}/${partition}`) ?? 0 })),
 *   async write(offsets) {
 *     for (const { topic, partition, offset } of offsets) table.set(`${topic}/${partition}`, offset)
 *   },
 * }
 */
export interface OffsetStore {
  /** For messages: `consumer group billing`. */
  readonly name: string
  /** What it has of a topic; partitions that it has nothing of are left out. */
  read(topic: string): Promise<readonly PartitionOffset[]>
  /** Some partitions; what it has of others stays. */
  write(offsets: readonly PartitionOffset[]): Promise<void>
}

export function isOffsetStore(value: unknown): value is OffsetStore {
  if (typeof value !== 'object' || value === null) return false
  const [name, read, write] = ['name', 'read', 'write'].map((key): unknown => Reflect.get(value, key))
  return typeof name === 'string' && typeof read === 'function' && typeof write === 'function'
}

/** @throws InvalidOptionError */
export function checkMirrors(where: string, mirror: unknown): readonly OffsetStore[] {
  if (mirror === undefined) return []
  const stores: readonly unknown[] = Array.isArray(mirror) ? mirror : [mirror]
  return stores.map((store) => {
    if (isOffsetStore(store)) return store
    throw new InvalidOptionError(
      `${where}: must be a store of offsets, or a list of them, got ${describeValue(store)}. ` +
        "consumerGroup({ group, brokers }) of 'millrace/kafka' and redisOffsets({ group, url }) of 'millrace/redis' make one.",
    )
  })
}
