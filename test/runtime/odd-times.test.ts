// Timestamps are whatever a producer says. One record must not make a log that nobody can read, nor blind the job for good.

import { describe, expect, it } from 'vitest'
import { type Job, type JobOptions, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
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
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, type SimpleRecord } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

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

const partitions = new Map([['lines', 1]])
const event = (...records: SimpleRecord[]) => kafkaEvent({ 'lines-0': records })
const record = (offset: number, timestamp: number): SimpleRecord => ({ offset, timestamp, value: `v${offset}` })

async function everything(environment: ReturnType<typeof memoryEnvironment>, prefix: string): Promise<string[]> {
  const objects = await readObjects(environment.objects, 'results', prefix)
  return [...objects.values()].join('').trimEnd().split('\n').sort()
}

describe.each(ODD)('a record with the timestamp of %s', (_, odd) => {
  it.each<[string, (options?: Partial<JobOptions>) => Job]>([
    ['copied and grouped', copy],
    ['grouped in place', inPlace],
    ['by arrival', () => copy({ time: 'arrival' })],
  ])('leaves a log that another process reads, and is committed once: %s', async (_name, define) => {
    const first = memoryEnvironment(NOW).another({ partitions })
    const records = [record(0, NOW - 10), record(1, odd), record(2, NOW - 5)]
    await lambda(define(), { environment: first })(event(...records))
    for (let n = 3; n < 6; n++) {
      const environment = first.another({ partitions })
      await lambda(define(), { environment })(event(...records, record(n, NOW - 1)))
      records.push(record(n, NOW - 1))
    }
    const last = first.another({ partitions })
    await bringToRest('copy', lambda(define(), { environment: last }), last)
    expect(await everything(first, 'groups')).toHaveLength(6)
    if (define !== inPlace) expect((await everything(first, 'lines')).at(1)).toBe(`v1 ${odd}`) // as it came
  })

  it('alone, and last, and first of a partition', async () => {
    const first = memoryEnvironment(NOW).another({ partitions })
    await lambda(copy(), { environment: first })(event(record(0, odd)))
    const second = first.another({ partitions })
    await lambda(copy(), { environment: second })(event(record(0, odd), record(1, odd)))
    const third = first.another({ partitions })
    await lambda(copy(), { environment: third })(event(record(1, odd), record(2, NOW)))
    await bringToRest('copy', lambda(copy(), { environment: third }), third)
    expect(await everything(first, 'groups')).toHaveLength(3)
  })

  it('is named once', async () => {
    const environment = memoryEnvironment(NOW).another({ partitions })
    const handler = lambda(copy(), { environment })
    await handler(event(record(0, NOW), record(1, odd), record(2, odd)))
    await handler(event(record(3, odd)))
    const warnings = environment.logged.filter(({ level }) => level === 'warn')
    const named = odd === -1 || (odd >= 0 && odd <= NOW) ? [] : [{ facts: { task: 'lines-0', offset: 1, records: 2 } }]
    expect(warnings).toMatchObject(named)
  })
})

describe('events that are none', () => {
  it.each<[string, object]>([
    ['no number for a timestamp', { timestamp: Number.NaN }],
    ['no timestamp', { timestamp: undefined }],
    ['an offset that no number can tell from others', { offset: 2 ** 53 }],
  ])('%s', async (_, changes) => {
    const { records } = event(record(0, NOW))
    const [one] = records['lines-0'] ?? []
    const handler = lambda(copy(), { environment: memoryEnvironment(NOW) })
    const malformed = { ...event(), records: { 'lines-0': [{ ...one, ...changes }] } }
    await expect(handler(malformed)).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
  })
})

it('the last offset that there can be leaves a log that another process reads', async () => {
  const environment = memoryEnvironment(NOW)
  const last = record(Number.MAX_SAFE_INTEGER, NOW)
  await lambda(copy(), { environment })(event(last))
  await lambda(copy(), { environment: environment.another() })(event(last))
  expect(await everything(environment, 'lines')).toHaveLength(1)
})

it('a hole as wide as offsets go, twice, is counted as far as numbers go', async () => {
  const far = Number.MAX_SAFE_INTEGER - 10
  const define = (): Job =>
    job('copy', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text(), gaps: 'skip' })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/lines')
    })
  const environment = memoryEnvironment(NOW)
  const handler = lambda(define(), { environment })
  await handler(event(record(0, NOW)))
  await handler(event(record(far, NOW)))
  await lambda(define(), { environment: environment.another() })(event(record(far + 1, NOW)))
  expect(await everything(environment, 'lines')).toHaveLength(3)
})

describe('one record of the year 2100', () => {
  const odd = [record(0, NOW - 20), record(1, YEAR_2100), record(2, NOW - 10)]

  it('does not hide that the topic was made again', async () => {
    const environment = memoryEnvironment(NOW)
    await lambda(copy(), { environment })(event(...odd))
    environment.setTime(NOW + 3_600_000)
    const again = lambda(copy(), { environment: environment.another() })
    await expect(again(event(record(0, NOW + 3_000_000)))).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  })

  it.each([
    ['at once', NOW],
    ['in a year', NOW + 366 * 86_400_000],
    ['when its time has come', YEAR_2100 + 86_400_000],
  ])('comes again %s, and is a duplicate', async (_, when) => {
    const environment = memoryEnvironment(NOW)
    await lambda(copy({ retention: '36500d' }), { environment })(event(...odd))
    environment.setTime(when)
    await lambda(copy({ retention: '36500d' }), { environment: environment.another() })(event(...odd))
    expect(await everything(environment, 'lines')).toHaveLength(3)
  })
})

describe('positions that older code has kept', () => {
  const kept = (position: Position) => ({ position, at: NOW, clockSkew: 5000 })

  it('with nanoseconds, which it could not read itself, are read and go on', async () => {
    const environment = memoryEnvironment(NOW)
    const handler = lambda(copy(), { environment })
    await handler(event(record(0, NOW)))
    const { table, objects, bucket } = environment
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
    await lambda(copy(), { environment: environment.another() })(event(record(1, 1.7e18), record(2, NOW)))
    expect(await everything(environment, 'lines')).toEqual([`v0 ${NOW}`, `v2 ${NOW}`])
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
    const environment = memoryEnvironment(NOW).another({ partitions })
    for (const [n, cut] of cuts.entries()) {
      environment.setTime(NOW + n * 3000)
      await lambda(copy(), { environment })(event(...cut))
    }
    const parts = [...(await readObjects(environment.objects, 'results', 'lines'))].filter(([key]) =>
      key.includes('/part'),
    )
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
