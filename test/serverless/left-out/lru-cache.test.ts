// The cache that a bundle has for endpoints that the AWS SDK discovers: what was used longest ago goes.

import { expect, it } from 'vitest'
import LRUCache from '../../../src/serverless/left-out/lru-cache.ts'

it('keeps as many as it may, those used last', () => {
  const cache = new LRUCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  expect(cache.get('a')).toBe(1)
  cache.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([true, false, true])
  expect(cache.get('b')).toBeUndefined()
})

it('does not count a peek as use, takes the newest value, and can be emptied', () => {
  const cache = new LRUCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('b', 20)
  expect([cache.peek('a'), cache.peek('b')]).toEqual([1, 20])
  cache.set('c', 3)
  expect(cache.has('a')).toBe(false)
  cache.clear()
  expect(cache.has('c')).toBe(false)
})
