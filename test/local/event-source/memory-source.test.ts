import { expect, it } from 'vitest'
import { EmbeddedTopics } from '../../../src/local/event-source/embedded-topics.ts'
import { memorySource } from '../../../src/local/event-source/memory-source.ts'
import { partitionOfKey } from '../../../src/local/event-source/partitioner.ts'
import { fairShares } from '../../../src/local/event-source/topic-source.ts'
import { topicSourceContract } from './topic-source.contract.ts'

topicSourceContract('embedded topics', async () => {
  const topics = new EmbeddedTopics()
  return {
    source: () => memorySource(topics),
    createTopic: async (name, partitions) => topics.createTopic(name, { partitions }),
    append: async (records) => {
      for (const record of records) topics.append(record)
    },
    committed: async (groupId, partition) => topics.committed(groupId, partition),
  }
})

it('puts keys where the Java client puts them', () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2, as partitions of 2^31 - 1 (so the hash without its sign bit)
  const hashes: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [key, hash] of hashes) expect(partitionOfKey(Buffer.from(key), 2 ** 31)).toBe(hash & 0x7fffffff)
})

it('spreads records without a key over all partitions, and keeps offsets dense', () => {
  const topics = new EmbeddedTopics()
  topics.createTopic('t', { partitions: 3 })
  for (let i = 0; i < 9; i++) topics.append({ topic: 't', value: `${i}` })
  for (const partition of [0, 1, 2]) {
    expect(topics.endOffset({ topic: 't', partition })).toBe(3)
    expect(topics.read({ topic: 't', partition, offset: 0 }, 10).map((record) => record.offset)).toEqual([0, 1, 2])
  }
})

it('takes the time of appending when the topic says LOG_APPEND_TIME', () => {
  const topics = new EmbeddedTopics()
  topics.createTopic('t', { timestampType: 'LOG_APPEND_TIME' })
  const before = Date.now()
  topics.append({ topic: 't', timestamp: 5, headers: { a: 'b' } })
  const [record] = topics.read({ topic: 't', partition: 0, offset: 0 }, 1)
  expect(record?.timestamp).toBeGreaterThanOrEqual(before)
  expect(record).toMatchObject({ timestampType: 'LOG_APPEND_TIME', headers: [['a', Buffer.from('b')]] })
})

it('refuses topic names that Kafka refuses, partitions that are not there, and commits out of range', () => {
  const topics = new EmbeddedTopics()
  for (const name of ['', '.', '..', 'a/b', 'ü', 'x'.repeat(250)])
    expect(() => topics.createTopic(name)).toThrow('topic name')
  topics.createTopic('t')
  expect(() => topics.createTopic('t')).toThrow('exists already')
  expect(() => topics.append({ topic: 't', partition: 1 })).toThrow('no partition 1')
  expect(() => topics.commit('g', [{ topic: 't', partition: 0, offset: 1 }])).toThrow('out of range')
})

it('counts the lag of a group', () => {
  const topics = new EmbeddedTopics()
  topics.createTopic('t', { partitions: 2 })
  for (let i = 0; i < 5; i++) topics.append({ topic: 't', partition: i % 2 })
  topics.commit('g', [{ topic: 't', partition: 0, offset: 2 }])
  expect(topics.lag('g', ['t'])).toBe(3)
})

it('shares fairly and leaves no room unused', () => {
  expect(fairShares([100, 100], 10)).toEqual([5, 5])
  expect(fairShares([1, 100, 0], 10)).toEqual([1, 9, 0])
  expect(fairShares([3, 3, 3], 2).reduce((sum, share) => sum + share)).toBe(2)
  expect(fairShares([1, 2], 100)).toEqual([1, 2])
  expect(fairShares([], 5)).toEqual([])
})
