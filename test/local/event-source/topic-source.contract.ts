// What every TopicSource has to do, run on the embedded topics and on real Kafka.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TopicMissingError } from '../../../src/errors/stand-in-errors.ts'
import {
  type GroupMember,
  type JoinOptions,
  type NextOffset,
  partitionName,
  type SourceRecord,
  type TopicPartition,
  type TopicSource,
} from '../../../src/local/event-source/topic-source.ts'
import { until } from './until.ts'

/** A service that holds topics, seen from the outside. */
export interface TopicService {
  /** A source of its own, closed by the suite. */
  source(): TopicSource
  createTopic(name: string, partitions: number): Promise<void>
  append(records: readonly Produced[]): Promise<void>
  committed(groupId: string, partition: TopicPartition): Promise<number | undefined>
}

export interface Produced extends TopicPartition {
  readonly key?: string | null
  readonly value?: string | null
  readonly headers?: readonly (readonly [string, Uint8Array])[]
  readonly timestamp?: number
}

export function topicSourceContract(name: string, open: () => Promise<TopicService>): void {
  describe(`TopicSource on ${name}`, () => {
    let service: TopicService
    let topic: string
    let groupId: string
    let source: TopicSource
    let counter = 0

    beforeEach(async () => {
      service = await open()
      topic = `contract-${Date.now()}-${counter++}`
      groupId = `group-${topic}`
      source = service.source()
    })
    afterEach(async () => {
      await source.close()
    })

    const join = (more: Partial<JoinOptions> = {}): Promise<GroupMember> =>
      source.join({ groupId, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' }, ...more })

    const fill = (partition: number, count: number, from = 0): Promise<void> =>
      service.append(
        Array.from({ length: count }, (_, i) => ({
          topic,
          partition,
          value: `v${from + i}`,
          timestamp: 1000 + from + i,
        })),
      )

    it('hands out every record once, in offset order per partition', async () => {
      await service.createTopic(topic, 3)
      for (const partition of [0, 1, 2]) await fill(partition, 40)
      const member = await join()
      const records = await take(member, 120)
      for (const partition of [0, 1, 2]) {
        const offsets = records.filter((record) => record.partition === partition).map((record) => record.offset)
        expect(offsets).toEqual(Array.from({ length: 40 }, (_, i) => i))
      }
      expect(member.assigned().map(partitionName).sort()).toEqual([0, 1, 2].map((p) => `${topic}-${p}`))
      expect((await member.poll({ maxRecords: 10, maxWaitMs: 50 })).records).toEqual([])
    })

    it('keeps the bytes, null, empty, headers and timestamps of a record', async () => {
      await service.createTopic(topic, 1)
      const headers = [
        ['a', Buffer.from([0, 127, 128, 255])],
        ['ü', Buffer.from('')],
      ] as const
      await service.append([
        { topic, partition: 0, key: 'k', value: 'ü', headers, timestamp: 1_700_000_000_123 },
        { topic, partition: 0, key: null, value: null, timestamp: 5 },
        { topic, partition: 0, key: '', value: '', timestamp: 6 },
      ])
      const [full, none, empty] = await take(await join(), 3)
      expect(full).toMatchObject({ topic, partition: 0, offset: 0, timestamp: 1_700_000_000_123 })
      expect(full?.timestampType).toBe('CREATE_TIME')
      expect(text(full?.key)).toBe('k')
      expect(text(full?.value)).toBe('ü')
      expect(full?.headers.map(([key, value]) => [key, [...value]])).toEqual([
        ['a', [0, 127, 128, 255]],
        ['ü', []],
      ])
      expect([none?.key, none?.value, none?.headers]).toEqual([null, null, []])
      expect([text(empty?.key), text(empty?.value)]).toEqual(['', ''])
    })

    it('takes a fair share of each partition', async () => {
      await service.createTopic(topic, 2)
      // Kafka may deliver one partition before the other, so wait until both have something to share; there is so much that
      // the one cannot run out before the other comes.
      await fill(0, 5000)
      await fill(1, 5000)
      const member = await join()
      let seen = new Set<number>()
      await until('one poll with records of both partitions', async () => {
        const { records } = await member.poll({ maxRecords: 4, maxWaitMs: 500 })
        seen = new Set(records.map((record) => record.partition))
        return seen.size === 2
      })
    })

    it('knows how many records wait', async () => {
      await service.createTopic(topic, 2)
      await fill(0, 30)
      const member = await join()
      await take(member, 10)
      expect(member.lag()).toBe(20)
      await fill(1, 5)
      await until('what came is known', () => member.lag() === 25)
      await take(member, 25)
      expect(member.lag()).toBe(0)
    })

    it('waits for the first record, and no longer', async () => {
      await service.createTopic(topic, 1)
      const member = await join()
      const waiting = take(member, 1)
      await fill(0, 1)
      expect(await waiting).toHaveLength(1)
    })

    it('ends a wait when the signal aborts', async () => {
      await service.createTopic(topic, 1)
      const member = await join()
      const abort = new AbortController()
      const waiting = member.poll({ maxRecords: 1, maxWaitMs: 600_000, signal: abort.signal })
      abort.abort()
      expect((await waiting).records).toEqual([])
    })

    it('goes on from the committed offsets, whatever the starting position says', async () => {
      await service.createTopic(topic, 1)
      await fill(0, 10)
      const first = await join()
      await take(first, 10)
      expect(await first.commit(first.epoch, [{ topic, partition: 0, offset: 4 }])).toBe(true)
      expect(await first.commit(first.epoch, [])).toBe(true)
      expect(await service.committed(groupId, { topic, partition: 0 })).toBe(4)
      await first.close()
      const second = await join({ startingPosition: { type: 'LATEST' } })
      expect((await take(second, 6)).map((record) => record.offset)).toEqual([4, 5, 6, 7, 8, 9])
    })

    it('starts at LATEST with what comes after joining, and keeps to that after a restart', async () => {
      await service.createTopic(topic, 1)
      await fill(0, 5)
      const first = await join({ startingPosition: { type: 'LATEST' } })
      await until(
        'the start is held fast',
        async () => (await service.committed(groupId, { topic, partition: 0 })) === 5,
      )
      await first.close()
      await fill(0, 2, 5)
      const second = await join({ startingPosition: { type: 'LATEST' } })
      expect((await take(second, 2)).map((record) => record.offset)).toEqual([5, 6])
    })

    it('starts AT_TIMESTAMP with the first record at or after it', async () => {
      await service.createTopic(topic, 1)
      await fill(0, 10) // timestamps 1000, 1001, …
      const member = await join({ startingPosition: { type: 'AT_TIMESTAMP', timestamp: 1007 } })
      expect((await take(member, 3)).map((record) => record.offset)).toEqual([7, 8, 9])
    })

    it('gives every partition to exactly one member, and a new epoch to everybody when one joins or leaves', async () => {
      await service.createTopic(topic, 4)
      const first = await join()
      await until('all partitions', () => first.assigned().length === 4)
      const before = first.epoch
      const second = await join()
      await until('two each', () => first.assigned().length === 2 && second.assigned().length === 2)
      expect(first.epoch).toBeGreaterThan(before)
      expect(new Set([...first.assigned(), ...second.assigned()].map(partitionName)).size).toBe(4)
      await second.close()
      await until('all partitions again', () => first.assigned().length === 4)
    })

    it('commits nothing for an epoch that is over, and hands the records out again', async () => {
      await service.createTopic(topic, 1)
      await fill(0, 5)
      const first = await join()
      await take(first, 5)
      const before = first.epoch
      const second = await join()
      await until('a new epoch', () => first.epoch > before)
      expect(await first.commit(before, [{ topic, partition: 0, offset: 5 }])).toBe(false)
      expect(await service.committed(groupId, { topic, partition: 0 })).toBeUndefined()
      const again = new Set<number>()
      await until('handed out again, whoever has it', async () => {
        for (const member of [first, second]) {
          for (const { offset } of (await member.poll({ maxRecords: 5, maxWaitMs: 100 })).records) again.add(offset)
        }
        return again.size === 5
      })
      expect([...again].sort()).toEqual([0, 1, 2, 3, 4])
    })

    it('seeks, pauses and resumes a partition', async () => {
      await service.createTopic(topic, 1)
      await fill(0, 5)
      const member = await join()
      await take(member, 5)
      member.seek({ topic, partition: 0, offset: 3 })
      expect((await take(member, 2)).map((record) => record.offset)).toEqual([3, 4])
      member.pause({ topic, partition: 0 })
      await fill(0, 2, 5)
      expect((await member.poll({ maxRecords: 5, maxWaitMs: 300 })).records).toEqual([])
      member.resume({ topic, partition: 0 })
      expect((await take(member, 2)).map((record) => record.offset)).toEqual([5, 6])
    })

    it('gives the partitions of a killed member to the others', async () => {
      await service.createTopic(topic, 2)
      const first = await join()
      const second = await join()
      await until('one each', () => first.assigned().length === 1 && second.assigned().length === 1)
      first.kill()
      await until('both', () => second.assigned().length === 2)
      expect(await first.commit(first.epoch, [{ topic, partition: 0, offset: 0 }])).toBe(false)
      expect((await first.poll({ maxRecords: 1, maxWaitMs: 10 })).records).toEqual([])
    })

    it('names a topic that is missing', async () => {
      const error = await join({ topics: ['nowhere'] }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TopicMissingError)
      expect(error).toMatchObject({ code: 'TOPIC_MISSING', topics: ['nowhere'] })
    })
  })
}

/** Polls until `count` records came. */
export async function take(member: GroupMember, count: number, ms = 60_000): Promise<SourceRecord[]> {
  const records: SourceRecord[] = []
  await until(
    `${count} records, ${records.length} so far`,
    async () => {
      const polled = await member.poll({ maxRecords: count - records.length, maxWaitMs: 1000 })
      records.push(...polled.records)
      return records.length >= count
    },
    ms,
  )
  return records
}

/** `NextOffset`s from a list of `[partition, offset]`. */
export const offsetsOf = (topic: string, offsets: readonly (readonly [number, number])[]): NextOffset[] =>
  offsets.map(([partition, offset]) => ({ topic, partition, offset }))

const text = (bytes: Uint8Array | null | undefined): string | undefined =>
  bytes?.length === 0 ? '' : bytes ? Buffer.from(bytes).toString() : undefined
