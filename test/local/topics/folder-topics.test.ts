import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FolderTopics } from '../../../src/local/topics/folder-topics.ts'

let folder = ''
let topics: FolderTopics

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-topics-'))
  topics = new FolderTopics(folder, { now: () => 7 })
})
afterEach(async () => {
  topics.close()
  await rm(folder, { recursive: true, force: true })
})

const values = (topic: string, partition: number) =>
  topics.read({ topic, partition, offset: 0 }, 100).map(({ value }) => Buffer.from(value ?? []).toString())

it('makes, lists, widens and deletes topics', () => {
  topics.create('lines', { partitions: 2 })
  topics.create('flights', { timestampType: 'LOG_APPEND_TIME' })
  expect(topics.list().map(({ name, partitions, timestampType }) => [name, partitions, timestampType])).toEqual([
    ['flights', 1, 'LOG_APPEND_TIME'],
    ['lines', 2, 'CREATE_TIME'],
  ])
  expect(() => topics.create('lines')).toThrow('Topic "lines" exists already')
  expect(() => topics.create('a b')).toThrow('is no topic name')
  expect(() => topics.setPartitions('lines', 1)).toThrow('has 2 partitions and cannot have 1')
  topics.setPartitions('lines', 3)
  expect(topics.partitionCount('lines')).toBe(3)
  topics.append([{ topic: 'lines', partition: 2, value: 'x' }])
  topics.commit('g', [{ topic: 'lines', partition: 2, offset: 1 }])
  topics.delete('lines')
  expect(() => topics.topic('lines')).toThrow(expect.objectContaining({ code: 'TOPIC_MISSING' }))
  topics.create('lines', { partitions: 3 })
  expect(topics.extent({ topic: 'lines', partition: 2 })).toMatchObject({ first: 0, next: 0 })
  expect(topics.committed('g', { topic: 'lines', partition: 2 })).toBeUndefined()
})

it('appends all of a batch or nothing, puts keys where Java puts them and the rest in turn', () => {
  topics.create('lines', { partitions: 3 })
  const bad = [
    { topic: 'lines', value: 'a' },
    { topic: 'lines', partition: 3, value: 'b' },
  ]
  expect(() => topics.append(bad)).toThrow('Topic "lines" has no partition 3: it has 3, from 0.')
  expect(topics.extents('lines').map(({ next }) => next)).toEqual([0, 0, 0])
  topics.append([0, 1, 2, 3, 4, 5].map((i) => ({ topic: 'lines', value: `${i}` })))
  expect(topics.extents('lines').map(({ next }) => next)).toEqual([2, 2, 2])
  // murmur2('21') = -973932308 (UtilsTest of Kafka), without its sign bit modulo 3
  const [placed] = topics.append([{ topic: 'lines', key: '21', value: 'k' }])
  expect(placed).toEqual({ topic: 'lines', partition: (-973932308 & 0x7fffffff) % 3, offset: 2 })
})

it('keeps records, extents and offsets of groups when it is opened again, by a reader beside it as well', () => {
  topics.create('lines')
  topics.append([
    {
      topic: 'lines',
      key: 'k',
      value: 'a',
      headers: [
        ['h', Uint8Array.of(0, 255)],
        ['h', ''],
      ],
      timestamp: 5,
    },
    { topic: 'lines', value: null },
  ])
  topics.commit('g#"\u0000\ud800', [{ topic: 'lines', partition: 0, offset: 1 }])
  const other = new FolderTopics(folder)
  expect(other.read({ topic: 'lines', partition: 0, offset: 0 }, 10)).toEqual([
    {
      topic: 'lines',
      partition: 0,
      offset: 0,
      timestamp: 5,
      timestampType: 'CREATE_TIME',
      key: Uint8Array.from(Buffer.from('k')),
      value: Uint8Array.from(Buffer.from('a')),
      headers: [
        ['h', Uint8Array.of(0, 255)],
        ['h', new Uint8Array()],
      ],
    },
    {
      topic: 'lines',
      partition: 0,
      offset: 1,
      timestamp: 7,
      timestampType: 'CREATE_TIME',
      key: null,
      value: null,
      headers: [],
    },
  ])
  expect(other.committed('g#"\u0000\ud800', { topic: 'lines', partition: 0 })).toBe(1)
  expect(other.lag('g#"\u0000\ud800', ['lines'])).toBe(1)
  expect(() => other.commit('g', [{ topic: 'lines', partition: 0, offset: 3 }])).toThrow('out of range')
  other.close()
})

it('finds offsets by time, and the end where there is none', () => {
  topics.create('lines')
  topics.append([10, 30, 20].map((timestamp) => ({ topic: 'lines', value: 'x', timestamp })))
  expect([0, 11, 30, 31].map((time) => topics.offsetAt({ topic: 'lines', partition: 0 }, time))).toEqual([0, 1, 1, 3])
})

it('tells of what others append', async () => {
  topics.create('lines')
  const told = new Promise<void>((resolve) => topics.changes.listen(resolve))
  const other = new FolderTopics(folder)
  other.append([{ topic: 'lines', value: 'from elsewhere' }])
  other.close()
  await told
  expect(values('lines', 0)).toEqual(['from elsewhere'])
})
