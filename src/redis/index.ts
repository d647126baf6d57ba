// millrace/redis: what talks to Redis. Of its own, so that only functions that use it have a client of Redis in their bundle.

import '../needs-node.ts'

export { type RedisOffsetsOptions, redisOffsets } from './redis-offsets.ts'
