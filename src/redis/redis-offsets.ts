// Offsets in Redis, as many consumers of Kafka that are no members of a group keep them: a hash `kafka:topic:<topic>:<group>` for each topic, with
// the partition as field and the next offset to read as value.

import type { Redis } from 'ioredis'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { OffsetStore, PartitionOffset } from '../sources/offset-store.ts'

/** Options of {@link redisOffsets}. */
export interface RedisOffsetsOptions {
  /** The last part of the key: whose positions these are. */
  readonly group: string
  /** `redis://host:6379`, `rediss://user:password@host:6380/2` with TLS. */
  readonly url: string
}

const CONNECT_MS = 3000

/**
 * Offsets in Redis: a hash `kafka:topic:<topic>:<group>` per topic, field partition, value offset. Takes the package `ioredis`, which a job
 * that does not use this need not have, and the function a way to Redis.
 *
 * @throws InvalidOptionError
 * @example
 * import { redisOffsets } from 'millrace/redis'
 *
 * const offsets = redisOffsets({ group: 'word-counts', url: 'redis://localhost:6379' })
 * job('word-counts', { batch: '5s' }, ({ kafka }) => {
 *   kafka('lines', { value: text(), mirror: offsets }).count().print()
 * })
 */
export function redisOffsets(options: RedisOffsetsOptions): OffsetStore {
  checkKnownOptions('redisOffsets', options, ['group', 'url'])
  const { group, url } = options
  if (typeof group !== 'string' || group === '')
    throw new InvalidOptionError(`redisOffsets, group: must be a name, got ${JSON.stringify(group)}.`)
  if (typeof url !== 'string' || !/^rediss?:\/\//.test(url))
    throw new InvalidOptionError(`redisOffsets, url: must be redis://… or rediss://…, got ${JSON.stringify(url)}.`)
  const key = (topic: string): string => `kafka:topic:${topic}:${group}`
  return {
    name: `Redis, group ${group}`,
    read: (topic) =>
      connected(url, async (redis) =>
        Object.entries(await redis.hgetall(key(topic))).map(([partition, offset]) => {
          const found = { topic, partition: Number(partition), offset: Number(offset) }
          if (DIGITS.test(partition) && DIGITS.test(offset) && isOffset(found)) return found
          throw new Error(
            `${key(topic)} has the field ${JSON.stringify(partition)} with ${JSON.stringify(offset)}, which is no partition with an offset`,
          )
        }),
      ),
    write: (offsets) =>
      connected(url, async (redis) => {
        for (const [topic, some] of Map.groupBy(offsets, (one) => one.topic))
          await redis.hset(key(topic), Object.fromEntries(some.map(({ partition, offset }) => [partition, offset])))
      }),
  }
}

/** `Number` takes much more than offsets, and makes 0 of an empty text. */
const DIGITS = /^\d{1,16}$/

function isOffset({ partition, offset }: PartitionOffset): boolean {
  return [partition, offset].every((number) => Number.isSafeInteger(number) && number >= 0)
}

/** On a connection of its own: an instance of Lambda stands still for minutes between two uses, and connections end meanwhile. */
async function connected<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const Client = await client()
  const redis = new Client(url, {
    ...{ lazyConnect: true, connectTimeout: CONNECT_MS, commandTimeout: CONNECT_MS },
    ...{ maxRetriesPerRequest: 0, retryStrategy: () => null, enableOfflineQueue: false },
  })
  let failed: unknown
  redis.on('error', (error) => {
    failed ??= error // says why; without a listener it would end the process
  })
  try {
    await redis.connect()
    return await use(redis)
  } catch (error) {
    throw failed ?? error
  } finally {
    redis.disconnect()
  }
}

async function client(): Promise<typeof Redis> {
  try {
    return (await import('ioredis')).Redis
  } catch (cause) {
    throw new InvalidOptionError(
      `redisOffsets needs the package ioredis, which cannot be loaded (${describeCause(cause)}). Install it: npm install ioredis`,
      { cause },
    )
  }
}
