// testJob itself: a whole job, from records as a producer writes them to objects, prints and effects.

import { describe, expect, expectTypeOf, it } from 'vitest'
import { duration, type Job, job, json, raw, text } from '../../src/index.ts'
import { type TestedJob, testJob } from '../../src/testing/index.ts'

interface Order {
  readonly shop: string
  readonly cents: number
}

const seen: unknown[] = []

const takings = job('takings', { batch: '1s', idleAfter: '5s' }, ({ kafka }) => {
  const orders = kafka('orders', { value: json<Order>() }).map(({ value }) => [value.shop, value.cents])
  const shops = kafka('shops', { value: text() }).map(({ key, value }) => [key ?? '', value])
  orders.reduceByKey((a, b) => a + b).saveAsTextFiles('s3://results/takings')
  orders.leftOuterJoin(shops).saveAsNdjsonFiles('s3://results/known', 'ndjson')
  orders.count().print()
  orders.foreachRDD((batch) => void seen.push(...batch), { id: 'book' })
})

const RECORDS = {
  orders: [
    { value: { shop: 'north', cents: 100 }, timestamp: 200 },
    { value: { shop: 'south', cents: 50 } },
    { value: { shop: 'north', cents: 20 }, timestamp: '2.5s' },
  ],
  shops: [{ key: 'north', value: 'Oslo', timestamp: '0s' }],
} as const

describe.each([
  { partitions: 1, restart: 'never' },
  { partitions: 3, restart: 'every-batch' },
  { partitions: { orders: 2 }, restart: 'every-batch' },
] as const)('testJob with partitions $partitions, restart $restart', (how) => {
  it('answers with objects, prints and effects of a job of several topics', async () => {
    seen.length = 0
    const { outputs, objects, printed, effects } = await testJob(takings, { records: RECORDS, ...how })
    const takingsOf = (time: number) => outputs['s3://results/takings']?.[time]?.toSorted()
    expect([takingsOf(1000), takingsOf(3000)]).toEqual([['(north,100)', '(south,50)'], ['(north,20)']])
    expect(outputs['s3://results/known.ndjson']?.[1000]?.toSorted()).toEqual([
      '["north",[100,"Oslo"]]',
      '["south",[50,null]]',
    ])
    expect(Object.keys(objects)).toContain('s3://results/takings-3000/_SUCCESS')
    expect(printed.map((one) => one.split('\n').slice(1, 4))).toContainEqual(['Time: 1000 ms', '-'.repeat(43), '2'])
    expect(effects.map(({ output, time, elements }) => [output, time, elements.length])).toEqual([
      ['book', 1000, 2],
      ['book', 3000, 1],
    ])
    expect(seen).toHaveLength(3)
  })
})

it('hands keys, headers, times and partitions on, and decodes', async () => {
  const copy = job('copy', { batch: 1000 }, ({ kafka }) => {
    kafka('bytes', { value: raw(), key: json<{ id: number }>() })
      .map(({ key, value, headers, timestamp, partition, offset }) => {
        const named = headers.map((header) => `${header.name}=${new TextDecoder().decode(header.value)}`)
        return { id: key.id, bytes: [...value], named, timestamp, partition, offset }
      })
      .saveAsNdjsonFiles('s3://results/copy')
  })
  const headers = { lang: 'en', trace: new TextEncoder().encode('1') }
  const { outputs } = await testJob(copy, {
    partitions: { bytes: 2 },
    records: {
      bytes: [
        { key: { id: 1 }, value: new Uint8Array([1, 255]), headers, timestamp: '1.5s', partition: 1 },
        { key: { id: 2 }, value: '', timestamp: 300, partition: 1 },
      ],
    },
  })
  const lines = Object.values(outputs['s3://results/copy'] ?? {}).flat()
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { id: 1, bytes: [1, 255], named: ['lang=en', 'trace=1'], timestamp: 1500, partition: 1, offset: 0 },
    { id: 2, bytes: [], named: [], timestamp: 300, partition: 1, offset: 1 },
  ])
})

it('puts equal keys into one partition, as a producer does', async () => {
  const counts = job('counts', { batch: 1000, idleAfter: '5s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ key }) => [key, 1])
      .preservesPartitioning()
      .reduceByKey((a, b) => a + b)
      .saveAsTextFiles('s3://results/counts')
  })
  const lines = ['a', 'b', 'c', 'a', 'b', 'a'].map((key) => ({ key, value: '' }))
  const { outputs } = await testJob(counts, { records: { lines }, partitions: 3 })
  expect(outputs['s3://results/counts']?.[1000]?.toSorted()).toEqual(['(a,3)', '(b,2)', '(c,1)'])
})

it('sets what is poison aside, or fails on it, as the job says', async () => {
  const orders = (onPoison: 'fail' | 'quarantine'): Job =>
    job('orders', { batch: 1000, onPoison }, ({ kafka }) => {
      kafka('orders', { value: json<Order>() })
        .map(({ value }) => value.cents.toFixed())
        .saveAsTextFiles('s3://results/orders')
    })
  const records = { orders: ['{"cents":1}', 'no json', '{}'] }
  const { outputs, quarantined } = await testJob(orders('quarantine'), { records })
  expect(outputs['s3://results/orders']).toEqual({ 1000: ['1'] })
  expect(quarantined).toMatchObject([{ offset: 1 }, { offset: 2 }])
  await expect(testJob(orders('fail'), { records })).rejects.toThrow(
    'orders-0: the record at offset 1 cannot be processed',
  )
})

it('fails with what a function of foreachRDD throws', async () => {
  const failing = job('failing', { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() }).foreachRDD(() => {
      throw new Error('the till is shut')
    })
  })
  await expect(testJob(failing, { records: { lines: ['a'] } })).rejects.toThrow('the till is shut')
})

it('lets time go on until nothing is open, or as far as it is told', async () => {
  const windowed = job('windowed', { batch: '1s', idle: 'run' }, ({ kafka }) => {
    kafka('lines', { value: text() }).countByWindow('2s', '1s').saveAsTextFiles('s3://results/windows')
  })
  const { outputs } = await testJob(windowed, { records: { lines: ['a', 'b'] }, until: '15s' })
  const counts = Object.entries(outputs['s3://results/windows'] ?? {})
  expect(counts.slice(0, 4)).toEqual([
    ['1000', ['2']],
    ['2000', ['2']],
    ['3000', ['0']],
    ['4000', ['0']],
  ])
  expect(Number(counts.at(-1)?.[0])).toBeLessThanOrEqual(15_000)
})

it('gives parameters to a function that defines the job, and leaves the environment as it was', async () => {
  const batches = (): Job =>
    job('sized', { batch: duration(process.env.SIZE ?? '1s') }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/sized')
    })
  const { outputs } = await testJob(batches, { records: { lines: ['a'] }, parameters: { SIZE: '7s' } })
  expect(outputs['s3://results/sized']).toEqual({ 7000: ['a'] })
  expect(process.env.SIZE).toBeUndefined()
  await expect(testJob(batches(), { records: {}, parameters: { SIZE: '7s' } })).rejects.toThrow('Give a function')
})

it('says what is wrong with what it is given', async () => {
  const tried = (options: unknown) => expect(Reflect.apply(testJob, undefined, [takings, options])).rejects
  await tried({ records: { order: [] } }).toThrow(
    "job 'takings' reads orders, shops, not 'order'. Did you mean 'orders'?",
  )
  await tried({ records: { orders: [{ valeu: 1 }] } }).toThrow(
    'records of orders, number 0: a record is a text, or has a value',
  )
  await tried({ records: { orders: [{ value: 1, partition: 1 }] } }).toThrow(
    'no partition 1, only 1. Say how many: partitions: { "orders": 2 }',
  )
  await tried({ records: { orders: [{ value: 1, timestamp: 'now' }] } }).toThrow(
    "number 0, timestamp: 'now' is not a duration",
  )
  await tried({ records: {}, partitions: { odrers: 2 } }).toThrow("unknown option 'odrers'. Did you mean 'orders'?")
  await tried({ records: {}, partitions: 0 }).toThrow('testJob, partitions of orders')
  await tried({ recrods: {} }).toThrow("Did you mean 'records'?")
})

it('has a typed answer', () => {
  expectTypeOf(testJob).returns.resolves.toEqualTypeOf<TestedJob>()
  expectTypeOf<TestedJob['printed']>().toEqualTypeOf<readonly string[]>()
})
