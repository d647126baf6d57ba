// Timestamps are whatever a producer says. One record must not make a log that nobody can read, nor blind the job for good.

import { describe, expect, it } from 'vitest'
import { type Job, type JobOptions, job, text } from '../../src/index.ts'
import { NO_COUNTS } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import {
  believed,
  isKafkaCommit,
  type KafkaCommit,
  keptTimestamp,
  mayBeCommitted,
  type Position,
  positionAfter,
} from '../../src/sources/kafka/position.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { type Driven, driven, records } from '../support/driven.ts'
import { kafkaEvent, type SimpleRecord } from '../support/kafka-events.ts'

const NOW = 1_700_000_000_000
const YEAR_2100 = Date.UTC(2100, 0)

const ODD: readonly (readonly [name: string, timestamp: number])[] = [
  ['nanoseconds', 1.7e18],
  ['microseconds', 1.7e15],
  ['the year 2100', YEAR_2100],
  ['2^53', 2 ** 53],
  ['beyond any clock', 1e300],
  ['Long.MAX', JSON.parse('9223372036854775807')],
  ['Long.MIN', JSON.parse('-9223372036854775808')],
  ['below -2^53', -(2 ** 53) - 2],
  ['none', -1],
  ['zero', 0],
  ['a fraction', NOW - 0.5],
]

const copy = (options: Partial<JobOptions> = {}): Job =>
  job('copy', { batch: '1s', ...options }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() })
    lines.map((record) => `${record.value} ${record.timestamp}`).saveAsTextFiles('s3://results/lines')
    lines
      .map((record) => [record.value, 1] as const)
      .groupByKey()
      .saveAsTextFiles('s3://results/groups')
  })

const inPlace = (): Job =>
  job('copy', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map((record) => [record.value, record.timestamp] as const)
      .preservesPartitioning()
      .groupByKey()
      .saveAsTextFiles('s3://results/groups')
  })

const known = { start: NOW, partitions: { lines: 1 } }
const of = (...some: SimpleRecord[]) => records('lines-0', some)
const record = (offset: number, timestamp: number): SimpleRecord => ({ offset, timestamp, value: `v${offset}` })

async function everything(copy: Driven, prefix: string): Promise<string[]> {
  return (await copy.text(prefix)).trimEnd().split('\n').sort()
}

describe.each(ODD)('a record with the timestamp of %s', (_, odd) => {
  it.each<[string, (options?: Partial<JobOptions>) => Job]>([
    ['copied and grouped', copy],
    ['grouped in place', inPlace],
    ['by arrival', () => copy({ time: 'arrival' })],
  ])('leaves a log that another process reads, and is committed once: %s', async (_name, define) => {
    const first = driven(define(), known)
    const all = [record(0, NOW - 10), record(1, odd), record(2, NOW - 5)]
    await first.deliver(of(...all))
    for (let n = 3; n < 6; n++) {
      all.push(record(n, NOW - 1))
      await first.another().deliver(of(...all))
    }
    await first.another().rest()
    expect(await everything(first, 'groups')).toHaveLength(6)
    if (define !== inPlace) expect((await everything(first, 'lines')).at(1)).toBe(`v1 ${odd}`) // as it came
  })

  it('alone, and last, and first of a partition', async () => {
    const first = driven(copy(), known)
    await first.deliver(of(record(0, odd)))
    await first.another().deliver(of(record(0, odd), record(1, odd)))
    const third = first.another()
    await third.deliver(of(record(1, odd), record(2, NOW)))
    await third.rest()
    expect(await everything(first, 'groups')).toHaveLength(3)
  })

  it('is named once', async () => {
    const one = driven(copy(), known)
    await one.deliver(of(record(0, NOW), record(1, odd), record(2, odd)))
    await one.deliver(of(record(3, odd)))
    const named = odd === -1 || (odd >= 0 && odd <= NOW) ? [] : [{ facts: { task: 'lines-0', offset: 1, records: 2 } }]
    expect(one.said('warn')).toMatchObject(named)
  })
})

describe('events that are none', () => {
  it.each<[string, object]>([
    ['no number for a timestamp', { timestamp: Number.NaN }],
    ['no timestamp', { timestamp: undefined }],
    ['an offset that no number can tell from others', { offset: 2 ** 53 }],
  ])('%s', async (_, changes) => {
    const good = kafkaEvent({ 'lines-0': [record(0, NOW)] })
    const [one] = good.records['lines-0'] ?? []
    const malformed = { ...good, records: { 'lines-0': [{ ...one, ...changes }] } }
    await expect(driven(copy(), { start: NOW }).handler(malformed)).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
  })
})

it('the last offset that there can be leaves a log that another process reads', async () => {
  const one = driven(copy(), { start: NOW })
  await one.deliver(of(record(Number.MAX_SAFE_INTEGER, NOW)))
  await one.another().again()
  expect(await everything(one, 'lines')).toHaveLength(1)
})

it('a hole as wide as offsets go, twice, is counted as far as numbers go', async () => {
  const far = Number.MAX_SAFE_INTEGER - 10
  const code = job('copy', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text(), gaps: 'skip' })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/lines')
  })
  const one = driven(code, { start: NOW })
  await one.deliver(of(record(0, NOW)))
  await one.deliver(of(record(far, NOW)))
  await one.another().deliver(of(record(far + 1, NOW)))
  expect(await everything(one, 'lines')).toHaveLength(3)
})

describe('one record of the year 2100', () => {
  const odd = [record(0, NOW - 20), record(1, YEAR_2100), record(2, NOW - 10)]

  it('does not hide that the topic was made again', async () => {
    const one = driven(copy(), { start: NOW })
    await one.deliver(of(...odd))
    one.later('1h')
    const again = one.another().deliver(of(record(0, NOW + 3_000_000)))
    await expect(again).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  })

  it.each([
    ['at once', NOW],
    ['in a year', NOW + 366 * 86_400_000],
    ['when its time has come', YEAR_2100 + 86_400_000],
  ])('comes again %s, and is a duplicate', async (_, when) => {
    const one = driven(copy({ retention: '36500d' }), { start: NOW })
    await one.deliver(of(...odd))
    one.environment.setTime(when)
    await one.another().again()
    expect(await everything(one, 'lines')).toHaveLength(3)
  })
})

describe('positions that older code has kept', () => {
  const kept = (position: Position) => ({ position, at: NOW, clockSkew: 5000 })

  it('with nanoseconds, which it could not read itself, are read and go on', async () => {
    const one = driven(copy(), { start: NOW })
    await one.deliver(of(record(0, NOW)))
    const { table, objects, bucket } = one.environment
    const ref = { job: 'copy', stage: 'source', task: 'lines-0' }
    const log = new TaskLog(ref, table, objects, bucket, isKafkaCommit)
    const before = await log.head()
    if (!before) throw new Error('nothing was committed')
    const old = {
      ...before.record,
      outbox: [],
      position: { from: 1, until: 2, timestamp: 1.7e18, maxTimestamp: 1.7e18 },
    }
    await log.append(before.version + 1, await log.prepare(old))
    await one.another().deliver(of(record(1, 1.7e18), record(2, NOW)))
    expect(await everything(one, 'lines')).toEqual([`v0 ${NOW}`, `v2 ${NOW}`])
  })

  it('with the year 2100 do not blind the job any more', () => {
    const position = believed(kept({ from: 0, until: 9, timestamp: NOW, maxTimestamp: YEAR_2100 }))
    if (!position) throw new Error('no position')
    expect(mayBeCommitted(position, NOW + 3_600_000)).toBe(false)
    expect(mayBeCommitted(position, YEAR_2100)).toBe(true)
    expect(mayBeCommitted(position, NOW + 5000)).toBe(true)
  })

  it('a little ahead of the clock are left alone', () => {
    const position = { from: 0, until: 9, timestamp: NOW, maxTimestamp: NOW + 60_000 }
    expect(believed(kept(position))).toEqual(position)
  })
})

describe('timestamps ahead of the clock', () => {
  const ahead = (...timestamps: number[]): Position =>
    positionAfter(
      undefined,
      timestamps.map((timestamp, offset) => ({ offset, timestamp })),
      NOW,
    )

  it('are remembered as spans, as long as they are ahead', () => {
    const position = ahead(NOW - 1, NOW + 10_000, YEAR_2100, NOW + 20_000)
    expect(position).toMatchObject({
      maxTimestamp: NOW,
      ahead: [
        [NOW + 10_000, NOW + 20_000],
        [YEAR_2100, YEAR_2100],
      ],
    })
    const later = positionAfter(position, [{ offset: 4, timestamp: NOW + 30_000 }], NOW + 60_000)
    expect(later).toMatchObject({ maxTimestamp: NOW + 30_000, ahead: [[YEAR_2100, YEAR_2100]] })
  })

  it('are few spans, however many they are', () => {
    const many = Array.from({ length: 1000 }, (_, i) => NOW + ((i * 7919) % 1000) * 100 * 86_400_000 + 1)
    const position = ahead(...many)
    expect(position.ahead?.length).toBeLessThanOrEqual(8)
    for (const timestamp of many) expect(mayBeCommitted(position, keptTimestamp(timestamp))).toBe(true)
  })
})

it('what could not be read back is not written', async () => {
  const { table, objects, bucket } = memoryEnvironment(NOW)
  const log = new TaskLog({ job: 'copy', stage: 'source', task: 'lines-0' }, table, objects, bucket, isKafkaCommit)
  const record: KafkaCommit = {
    ...{
      kind: 'batch',
      at: NOW,
      active: NOW,
      code: '',
      position: undefined,
      frontier: 1.7e18,
      partials: [],
      outbox: [],
    },
    ...{ counts: NO_COUNTS, totals: NO_COUNTS },
  }
  await expect(log.prepare(record)).rejects.toMatchObject({
    code: 'UNWRITABLE_RECORD',
    message: expect.stringMatching(/job copy, stage source, task lines-0.*"frontier":"1700000000000000000"/),
  })
})

describe('a producer whose clock is ahead by more than clockSkew', () => {
  const ahead = [record(0, NOW + 60_000), record(1, NOW + 60_000)]

  async function timesOf(cuts: readonly (readonly SimpleRecord[])[]): Promise<Map<string, string>> {
    const one = driven(copy(), known)
    for (const [n, cut] of cuts.entries()) {
      one.environment.setTime(NOW + n * 3000)
      await one.another().deliver(of(...cut))
    }
    const parts = Object.entries(await one.published('lines')).filter(([key]) => key.includes('/part'))
    return new Map(parts.map(([key, body]) => [key.slice(0, key.indexOf('/')), body]))
  }

  // docs/guarantees.md says so: which T its records are in depends on when they are processed, and on nothing else.
  it('has its records in the batch of the clock when they are processed, so how they were cut shows', async () => {
    const line = (offset: number): string => `v${offset} ${NOW + 60_000}\n`
    expect(await timesOf([ahead])).toEqual(new Map([[`lines-${NOW + 6000}`, line(0) + line(1)]]))
    expect(await timesOf(ahead.map((one) => [one]))).toEqual(
      new Map([
        [`lines-${NOW + 6000}`, line(0)],
        [`lines-${NOW + 9000}`, line(1)],
      ]),
    )
  })

  it('has none of them twice, or lost, and a record within the skew is where its timestamp says', async () => {
    const within = [record(0, NOW + 4000), record(1, NOW + 4500)]
    for (const cuts of [[within], within.map((one) => [one])]) {
      expect([...(await timesOf(cuts)).keys()]).toEqual([`lines-${NOW + 5000}`])
    }
  })
})
