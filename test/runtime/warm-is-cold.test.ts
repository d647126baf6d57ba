// What user code gets is what decoding the commit gives, anew on every attempt, whichever process runs it (I8, DESIGN §2a). The
// functions here do what they may: they change the accumulator. And what they may not: then others must not see it, where it is cheap.

import { describe, expect, it } from 'vitest'
import type { DStream, KafkaRecord } from '../../src/index.ts'
import { type Job, job, json } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { testStream } from '../../src/testing/test-stream.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'

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
const first = kafkaEvent({ 't-0': lines(rows(1)) })
const second = kafkaEvent({ 't-0': lines(rows(2), { from: 1, at: 200 }) })
const next = kafkaEvent({ 't-0': lines(rows(7), { from: 2, at: 1500 }) })
const last = kafkaEvent({ 't-0': lines(rows(0), { from: 3, at: 2500 }) })

/** Commits of stages that match fail, or lose to another instance, so many times. */
function troubled(environment: MemoryEnvironment, stage: RegExp, times: number, how: 'fail' | 'lose'): Environment {
  let left = times
  const { table } = environment
  const append: typeof table.append = async (task, item) => {
    if (!stage.test(task.stage) || item.version === 1 || left === 0) return table.append(task, item)
    left--
    if (how === 'fail') throw new Error('the table is away')
    return 'conflict'
  }
  return { ...environment, table: { ...table, append } }
}

async function results(environment: MemoryEnvironment, time: number): Promise<string> {
  return [...(await readObjects(environment.objects, 'results', `out-${time}/part`)).values()].join('')
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
      const memory = memoryEnvironment()
      const environment = troubled(memory, stage, times, how)
      const handler = lambda(jobOf(define), { environment })
      const succeeds = (event: unknown) =>
        handler(event).then(
          () => true,
          () => false,
        )
      for (const event of [first, second, next]) while (!(await succeeds(event))) {}
      for (let tries = 0; tries < 6; tries++) {
        memory.setTime(memory.clock.now() + 60_000)
        await succeeds(wakeUpEvent('values', 0))
      }
      expect([times, stage, await results(memory, 1000)]).toEqual([times, stage, expected])
    }
  })

  it('another process gets the same', async () => {
    const memory = memoryEnvironment()
    for (const event of [first, second, next, last])
      await lambda(jobOf(define), { environment: memory.another() })(event)
    expect(await results(memory, 1000)).toBe(expected)
  })
})

it('two consumers of one stream do not see what the other makes of it', async () => {
  for (const cold of [false, true]) {
    const memory = memoryEnvironment()
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
    let handler = lambda(both, { environment: memory })
    await handler(kafkaEvent({ 't-0': lines(rows(1, 2)) }))
    await handler(kafkaEvent({ 't-0': lines(rows(3, 7), { from: 2, at: 300, step: 1000 }) }))
    if (cold) handler = lambda(both, { environment: memory.another() })
    await handler(kafkaEvent({ 't-0': lines(rows(9), { from: 4, at: 2500 }) }))
    const all = await readObjects(memory.objects, 'results')
    const of = (name: string) =>
      [...all].flatMap(([key, text]) => (key.startsWith(`${name}-1000/part`) ? [text.trim()] : []))
    expect(['sums', 'lists', 'inplace', 'total'].map(of)).toEqual([['a 6'], ['a 1,2,3'], ['a 6'], ['6']])
  }
})

it('an accumulator is not what the function keeps for itself, nor the greater of two', async () => {
  const zero = { n: 0 }
  const memory = memoryEnvironment()
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
  const handler = lambda(shared, { environment: memory })
  await handler(kafkaEvent({ 't-0': lines(rows(1, 2, 5)) }))
  await handler(kafkaEvent({ 't-0': lines(rows(9), { from: 3, at: 1500 }) }))
  expect(zero).toEqual({ n: 0 })
  const all = await readObjects(memory.objects, 'results')
  expect([...all].flatMap(([key, text]) => (key.includes('-1000/part') ? [text] : []))).toEqual([
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
