// What kafkajs fetches comes out of order when a partition's leader moves: the old leader's answer after the new one's. What is
// handed out must have no holes, whatever comes.

import type { EachBatchPayload } from 'kafkajs'
import { expect, it } from 'vitest'
import { PartitionBuffer } from '../../../src/local/event-source/kafka-buffer.ts'
import type { SourceRecord } from '../../../src/local/event-source/topic-source.ts'

interface Fetched {
  /** The offset that was asked for. */
  readonly from: number
  /** Offsets that are handed out, of all that were fetched. */
  readonly offsets: readonly number[]
  /** The last one that was fetched, if it is not handed out: a marker, or aborted. */
  readonly last?: number
  readonly highWatermark?: number
}

function batch({ from, offsets, last = offsets.at(-1) ?? 0, highWatermark = 1000 }: Fetched) {
  const fetched: EachBatchPayload['batch'] & { fetchedOffset: string } = {
    topic: 't',
    partition: 0,
    fetchedOffset: String(from),
    highWatermark: String(highWatermark),
    messages: offsets.map((offset) => ({
      offset: String(offset),
      key: null,
      value: Buffer.from(`v${offset}`),
      timestamp: '0',
      attributes: 0,
      headers: {},
    })),
    isEmpty: () => offsets.length === 0,
    firstOffset: () => String(offsets[0]),
    lastOffset: () => String(last),
    offsetLag: () => '0',
    offsetLagLow: () => '0',
  }
  return fetched
}

function bufferAt(position: number): PartitionBuffer {
  const buffer = new PartitionBuffer({ topic: 't', partition: 0 })
  buffer.reset(position)
  return buffer
}

function offsetsOf(buffer: PartitionBuffer): number[] {
  const records: SourceRecord[] = []
  buffer.take(Number.POSITIVE_INFINITY, records)
  return records.map(({ offset }) => offset)
}

it('what the old leader answers after the new one is left out', () => {
  const buffer = bufferAt(5)
  expect(buffer.push(batch({ from: 5, offsets: [5, 6, 7, 8] }))).toBe('taken')
  expect(buffer.push(batch({ from: 5, offsets: [5, 6] }))).toBe('stale')
  expect(buffer.push(batch({ from: 9, offsets: [9, 10] }))).toBe('taken')
  expect(offsetsOf(buffer)).toEqual([5, 6, 7, 8, 9, 10])
})

it('what was fetched from further on is not taken before what lies between', () => {
  const buffer = bufferAt(5)
  expect(buffer.push(batch({ from: 8, offsets: [8, 9] }))).toBe('ahead')
  expect(buffer.position).toBe(5)
  expect(buffer.push(batch({ from: 5, offsets: [5, 6, 7] }))).toBe('taken')
  expect(buffer.push(batch({ from: 8, offsets: [8, 9] }))).toBe('taken')
  expect(offsetsOf(buffer)).toEqual([5, 6, 7, 8, 9])
})

it('takes what is new of a batch that begins below', () => {
  const buffer = bufferAt(5)
  expect(buffer.push(batch({ from: 3, offsets: [3, 4, 5, 6] }))).toBe('taken')
  expect(offsetsOf(buffer)).toEqual([5, 6])
})

it('offsets that compaction has taken, or that are markers, are no hole', () => {
  const buffer = bufferAt(5)
  expect(buffer.push(batch({ from: 5, offsets: [7, 9], last: 11 }))).toBe('taken')
  expect(buffer.position).toBe(12)
  expect(buffer.push(batch({ from: 12, offsets: [12] }))).toBe('taken')
  expect(offsetsOf(buffer)).toEqual([7, 9, 12])
})

it('goes on behind batches of which nothing is handed out', () => {
  const buffer = bufferAt(5)
  buffer.passOver('5', '9') // all of it aborted
  expect(buffer.position).toBe(10)
  buffer.passOver(null, '10') // compacted away
  expect(buffer.position).toBe(11)
  buffer.passOver('3', '6')
  buffer.passOver('20', '30')
  expect(buffer.position).toBe(11)
  expect(buffer.push(batch({ from: 11, offsets: [11] }))).toBe('taken')
})

it('does not ask for ever for what is not there', () => {
  const buffer = bufferAt(5)
  const outcomes = Array.from({ length: 4 }, () => buffer.push(batch({ from: 8, offsets: [8] })))
  expect(outcomes).toEqual(['ahead', 'ahead', 'ahead', 'taken'])
})

it('a log that is shorter than what was read of it was made anew', () => {
  const buffer = bufferAt(5)
  expect(buffer.push(batch({ from: 0, offsets: [0, 1], highWatermark: 2 }))).toBe('anew')
  expect(buffer.push(batch({ from: 2, offsets: [2] }))).toBe('taken')
  expect(offsetsOf(buffer)).toEqual([0, 1, 2])
})
