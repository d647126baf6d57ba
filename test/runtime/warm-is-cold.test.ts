// What user code gets is what decoding the commit gives, anew on every attempt, whichever process runs it (I8, DESIGN §2a). The
// functions here do what they may: they change the accumulator. And what they may not: then others must not see it, where it is cheap.

import { describe, expect, it } from 'vitest'
import type { DStream, KafkaRecord } from '../../src/index.ts'
import { type Job, job, json } from '../../src/index.ts'
import { testStream } from '../../src/testing/test-stream.ts'
import { type Deployment, driven, records } from '../support/driven.ts'

interface Row {
  readonly k: string
  readonly v: { n: number }
}
type Rows = DStream<KafkaRecord<Row>>

const add = (a: { n: number }, b: { n: number }): { n: number } => {
  a.n += b.n
  return a
}
const pairs = (rows: Rows) => rows.map(({ value }) => [value.k, value.v] as const)
const written = ([key, { n }]: readonly [unknown, { n: number }]) => `${key} ${n}`

const jobOf = (define: (rows: Rows) => DStream<unknown>): Job =>
  job('values', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
    define(kafka('t', { value: json<Row>() })).saveAsTextFiles('s3://results/out')
  })

const rows = (...ns: readonly number[]) => ns.map((n) => JSON.stringify({ k: 'a', v: { n } }))
const first = records('t-0', rows(1), { from: 0 })
const second = records('t-0', rows(2), { from: 1, at: 200 })
const next = records('t-0', rows(7), { from: 2, at: 1500 })
const last = records('t-0', rows(0), { from: 3, at: 2500 })

/** Commits of stages that match fail, or lose to another instance, so many times. */
function troubled(stage: RegExp, times: number, how: 'fail' | 'lose'): NonNullable<Deployment['table']> {
  let left = times
  return (table) => ({
    append: async (task, item) => {
      if (!stage.test(task.stage) || item.version === 1 || left === 0) return table.append(task, item)
      left--
      if (how === 'fail') throw new Error('the table is away')
      return 'conflict'
    },
  })
}

const SHAPES: readonly (readonly [string, (rows: Rows) => DStream<unknown>, string])[] = [
  ['reduceByKey', (s) => pairs(s).reduceByKey(add).map(written), 'a 3\n'],
  [
    'combineByKey',
    (s) =>
      pairs(s)
        .combineByKey((v) => v, add, add)
        .map(written),
    'a 3\n',
  ],
  [
    'reduce',
    (s) =>
      s
        .map((r) => r.value.v)
        .reduce(add)
        .map(({ n }) => `a ${n}`),
    'a 3\n',
  ],
  ['reduceByKeyAndWindow', (s) => pairs(s).reduceByKeyAndWindow(add, '3s').map(written), 'a 3\n'],
  [
    'reduceByKeyAndWindow with an inverse',
    (s) =>
      pairs(s)
        .reduceByKeyAndWindow(
          add,
          (a, b) => {
            a.n -= b.n
            return a
          },
          '3s',
          '1s',
        )
        .map(written),
    'a 3\n',
  ],
  [
    'reduceByWindow',
    (s) =>
      s
        .map((r) => r.value.v)
        .reduceByWindow(add, '3s', '1s')
        .map(({ n }) => `a ${n}`),
    'a 3\n',
  ],
  [
    'groupByKey, then in place',
    (s) =>
      pairs(s)
        .groupByKey()
        .mapValues((all) => all.reduce(add))
        .map(written),
    'a 3\n',
  ],
  [
    'feeding updateStateByKey',
    (s) =>
      pairs(s)
        .reduceByKey(add)
        .updateStateByKey((all: readonly { n: number }[], state?: { n: number }) => all.reduce(add, state ?? { n: 0 }))
        .map(written),
    'a 3\n',
  ],
  [
    'updateStateByKey in place',
    (s) =>
      pairs(s)
        .updateStateByKey((all: readonly { n: number }[], state?: { n: number }) => all.reduce(add, state ?? { n: 0 }))
        .map(written),
    'a 3\n',
  ],
  [
    'two stages',
    (s) =>
      pairs(s)
        .reduceByKey(add)
        .map(([key, v]) => [`${key}`, v] as const)
        .reduceByKey(add, { numPartitions: 2 })
        .map(written),
    'a 3\n',
  ],
  ['in place', (s) => pairs(s).preservesPartitioning({ newPartitions: 'join' }).reduceByKey(add).map(written), 'a 3\n'],
  [
    'in place, updateStateByKey',
    (s) =>
      pairs(s)
        .preservesPartitioning({ newPartitions: 'join' })
        .updateStateByKey((all: readonly { n: number }[], state?: { n: number }) => all.reduce(add, state ?? { n: 0 }))
        .map(written),
    'a 3\n',
  ],
  [
    'records, carried in place',
    (s) =>
      s
        .map((r) => [r.value.k, r] as const)
        .preservesPartitioning({ newPartitions: 'join' })
        .groupByKey()
        .map(([key, all]) => `${key} ${all.map((r) => Object.keys(r).length)}`),
    'a 10,10\n',
  ],
]

describe.each(SHAPES)('%s', (_, define, expected) => {
  it.each(['fail', 'lose'] as const)('a bucket whose commits %s is run again with what was committed', async (how) => {
    const cases = [0, 1, 2, 3].flatMap((times) =>
      [/ByKey|fold|combine|window/i, /source/].map((stage) => ({ times, stage })),
    )
    for (const { times, stage } of cases) {
      const values = driven(jobOf(define), { table: troubled(stage, times, how) })
      const succeeds = (tried: Promise<unknown>) =>
        tried.then(
          () => true,
          () => false,
        )
      for (const some of [first, second, next]) while (!(await succeeds(values.deliver(some)))) {}
      for (let tries = 0; tries < 6; tries++) {
        values.later('1m')
        await succeeds(values.wake(0))
      }
      expect([times, stage, await values.text('out-1000/part')]).toEqual([times, stage, expected])
    }
  })

  it('another process gets the same', async () => {
    const values = driven(jobOf(define))
    for (const some of [first, second, next, last]) await values.another().deliver(some)
    expect(await values.text('out-1000/part')).toBe(expected)
  })
})

it('two consumers of one stream do not see what the other makes of it', async () => {
  for (const cold of [false, true]) {
    const both = job('values', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
      const all = pairs(kafka('t', { value: json<Row>() }))
      all.reduceByKey(add).map(written).saveAsTextFiles('s3://results/sums')
      all
        .groupByKey()
        .map(([key, some]) => `${key} ${some.map(({ n }) => n)}`)
        .saveAsTextFiles('s3://results/lists')
      all
        .preservesPartitioning({ newPartitions: 'join' })
        .reduceByKey(add)
        .map(written)
        .saveAsTextFiles('s3://results/inplace')
      all
        .map(([, v]) => v)
        .reduce(add)
        .map(({ n }) => `${n}`)
        .saveAsTextFiles('s3://results/total')
    })
    const warm = driven(both)
    await warm.deliver(records('t-0', rows(1, 2)))
    await warm.deliver(records('t-0', rows(3, 7), { at: 300, step: 1000 }))
    await (cold ? warm.another() : warm).deliver(records('t-0', rows(9), { at: 2500 }))
    const all = Object.entries(await warm.published())
    const of = (name: string) =>
      all.flatMap(([key, text]) => (key.startsWith(`${name}-1000/part`) ? [text.trim()] : []))
    expect(['sums', 'lists', 'inplace', 'total'].map(of)).toEqual([['a 6'], ['a 1,2,3'], ['a 6'], ['6']])
  }
})

it('an accumulator is not what the function keeps for itself, nor the greater of two', async () => {
  const zero = { n: 0 }
  const shared = job('values', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
    const all = pairs(kafka('t', { value: json<Row>() }))
    all
      .combineByKey(() => zero, add, add)
      .map(written)
      .saveAsTextFiles('s3://results/sums')
    // What it gives back is its second argument, and the first of the next call.
    all
      .reduceByKey((a, b) => (b.n > a.n && b.n < 5 ? b : add(a, b)))
      .map(written)
      .saveAsTextFiles('s3://results/best')
    all
      .groupByKey()
      .map(([key, some]) => `${key} ${some.map(({ n }) => n)}`)
      .saveAsTextFiles('s3://results/lists')
  })
  const values = driven(shared)
  await values.deliver(records('t-0', rows(1, 2, 5)))
  await values.deliver(records('t-0', rows(9), { at: 1500 }))
  expect(zero).toEqual({ n: 0 })
  const all = Object.entries(await values.published())
  expect(all.flatMap(([key, text]) => (key.includes('-1000/part') ? [text] : []))).toEqual([
    'a 7\n',
    'a 1,2,5\n',
    'a 7\n',
  ])
})

describe.each([
  ['combineByKey', (s: DStream<readonly [string, Counted]>) => s.combineByKey((v) => [v], upsert, upsertAll)],
  [
    'reduceByKey',
    (s: DStream<readonly [string, Counted]>) => s.mapValues((v): Counted[] => [v]).reduceByKey(upsertAll),
  ],
  ['reduce', (s: DStream<readonly [string, Counted]>) => s.map(([, v]): Counted[] => [v]).reduce(upsertAll)],
] as const)('%s: what an accumulator has taken in', (_, combine) => {
  it.each([1, 3])('is its own: not what others see, nor another key (%i partitions)', async (partitions) => {
    const inputs: Counted[] = [
      { id: 'a', n: 1 },
      { id: 'b', n: 1 },
      { id: 'b', n: 5 },
    ]
    const [combined = [], seen] = await testStream({ batch: 1000, inputs: [[inputs]], partitions }, (s) => {
      const keyed = s.flatMap((one) => ['x', 'y'].map((key) => [key, one] as const))
      const sums: DStream<unknown> = combine(keyed)
      return [sums.map((one) => JSON.stringify(one)), keyed.groupByKey().map(([, all]) => all.map(({ n }) => n))]
    })
    const sums = '[{"id":"a","n":1},{"id":"b","n":6}]'
    const twice = '[{"id":"a","n":2},{"id":"b","n":12}]'
    expect(combined[0]?.toSorted()).toEqual(combined[0]?.length === 1 ? [twice] : [`["x",${sums}]`, `["y",${sums}]`])
    expect(seen).toEqual([
      [
        [1, 1, 5],
        [1, 1, 5],
      ],
    ])
  })
})

interface Counted {
  readonly id: string
  n: number
}

/** Changes what is in the list: it belongs to the accumulator. */
function upsert(all: Counted[], one: Counted): Counted[] {
  const known = all.find(({ id }) => id === one.id)
  if (known) known.n += one.n
  else all.push(one)
  return all
}

function upsertAll(all: Counted[], others: readonly Counted[]): Counted[] {
  return others.reduce(upsert, all)
}
