import { expect, test } from 'vitest'
import { redisOffsets } from '../../src/redis/index.ts'

test('what is no address is refused', () => {
  expect(() => redisOffsets({ group: '', url: 'redis://localhost' })).toThrow(/group: must be a name/)
  expect(() => redisOffsets({ group: 'billing', url: 'localhost:6379' })).toThrow(/url: must be redis:/)
})

test('it is called by its group, and what keeps it from Redis is said', async () => {
  const offsets = redisOffsets({ group: 'billing', url: 'redis://127.0.0.1:1' })
  expect(offsets.name).toBe('Redis, group billing')
  await expect(offsets.read('lines')).rejects.toThrow(/ECONNREFUSED/)
})
