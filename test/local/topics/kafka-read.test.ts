// Spans of Kafka: all of them is read, or it is said that it was not.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { NextOffset, PolledRecords, SourceRecord } from '../../../src/local/event-source/topic-source.ts'
import { readSpans, type SpanReader } from '../../../src/local/topics/kafka-read.ts'

const place = { topic: 'lines', partition: 0 }
const record = (offset: number): SourceRecord => ({
  ...place,
  offset,
  timestamp: 0,
  timestampType: 'CREATE_TIME',
  key: null,
  value: null,
  headers: [],
})

/** Hands out one list a poll. */
class Member implements SpanReader {
  epoch = 1
  at = 0
  readonly #polls: (readonly number[])[]
  /** What is passed over after the last record: marks of transactions. */
  readonly marks: number
  constructor(polls: (readonly number[])[], marks = 0) {
    this.#polls = polls
    this.marks = marks
  }
  assigned = () => [place]
  seek = ({ offset }: NextOffset): void => {
    this.at = offset
  }
  pause = (): void => {}
  handedOut = (): number => (this.#polls.length === 0 ? this.at + this.marks : this.at)
  async poll(): Promise<PolledRecords> {
    await sleep(1)
    const offsets = this.#polls.shift() ?? []
    this.at = (offsets.at(-1) ?? this.at - 1) + 1
    return { epoch: this.epoch, records: offsets.map(record) }
  }
}

async function read(member: Member, until: number, { slow = 0, stalled = 30, end = until } = {}): Promise<number[]> {
  const found: number[] = []
  const spans = [{ ...place, offset: 0, until }]
  for await (const records of readSpans(member, spans, AbortSignal.timeout(5000), async () => end, stalled)) {
    found.push(...records.map(({ offset }) => offset))
    await sleep(slow)
  }
  return found
}

it('reads all of it for somebody who is slower than the time after which a leader is missed', async () => {
  expect(await read(new Member([[0, 1], [], [2, 3]]), 4, { slow: 60 })).toEqual([0, 1, 2, 3])
})

it('ends where only marks of transactions are left', async () => {
  expect(await read(new Member([[0, 1]], 2), 4)).toEqual([0, 1])
})

it('says that the rest did not come', async () => {
  await expect(read(new Member([[0, 1]]), 4)).rejects.toMatchObject({
    code: 'RANGE_STALLED',
    message: expect.stringContaining('offset 2 is next, and the range ends before 4'),
  })
})

it('waits on where there is no more yet', async () => {
  const member = new Member([[0, 1], ...Array.from({ length: 100 }, () => []), [2, 3]])
  expect(await read(member, 4, { end: 2 })).toEqual([0, 1, 2, 3])
})
