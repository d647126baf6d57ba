// What is a value and what is not (DESIGN §2a.1): refused where it first travels or is written, with operator and path.

import { describe, expect, it } from 'vitest'
import type { DStream, JobOptions, KafkaRecord, State } from '../../src/index.ts'
import { type Job, job, json, raw, StateSpec, text } from '../../src/index.ts'
import { type Driven, driven, records } from '../support/driven.ts'

type Records = DStream<KafkaRecord<string>>

class Point {
  x = 1
}

const jobOf = (define: (records: Records) => void, options: Partial<JobOptions> = {}): Job =>
  job('values', { batch: 1000, numPartitions: 1, ...options }, ({ kafka }) => {
    define(kafka('t', { value: text() }))
  })

const some = records('t-0', ['a', 'b'])
const next = records('t-0', ['c'], { from: 2, at: 1500 })

const NO_VALUES: readonly (readonly [found: string, make: () => unknown, path?: string])[] = [
  ['a Point', () => new Point()],
  ['a URL', () => new URL('http://x')],
  ['a Headers', () => new Headers()],
  ['an Error', () => new Error('x')],
  ['a RegExp', () => /x/],
  ['a match of a regular expression', () => /(?<x>x)/.exec('x')],
  ['a Promise', () => Promise.resolve(1)],
  ['a Buffer', () => Buffer.from('x')],
  ['an ArrayBuffer', () => new ArrayBuffer(2)],
  ['a DataView', () => new DataView(new ArrayBuffer(2))],
  ['a WeakMap', () => new WeakMap()],
  ['a String', () => Object('boxed')],
  ['a function', () => () => 1],
  ['a symbol', () => Symbol('x')],
  ['a getter or setter', () => ({ get now() { return Date.now() } }), '.now'], // biome-ignore format: one line
  ['an object with a symbol for a property', () => ({ [Symbol('x')]: 1 })],
]

describe.each(NO_VALUES.map(([found, make, more = '']) => ({ found, make, more })))(
  '$found is no value',
  ({ found, make, more }) => {
    const problem = { code: 'UNSAVABLE_VALUE', message: expect.stringContaining(`user.at${more} is ${found}`) }
    const poison = { code: 'POISON_RECORD', offset: 0, cause: expect.objectContaining(problem) }
    const wrap = () => ({ user: { at: make() } })

    it.each<[string, string, (records: Records) => void]>([
      [
        'groupByKey',
        'combineByKey(t)',
        (s) =>
          s
            .map((r) => [r.value, wrap()] as const)
            .groupByKey()
            .count()
            .print(),
      ],
      [
        'reduceByKey',
        'combineByKey(t)',
        (s) =>
          s
            .map((r) => [r.value, wrap()] as const)
            .reduceByKey((a) => a)
            .count()
            .print(),
      ],
      ['repartition', 'repartition(t)', (s) => s.map(wrap).repartition(2).count().print()],
      [
        'reduce',
        'fold(t)',
        (s) =>
          s
            .map(wrap)
            .reduce((a) => a)
            .print(),
      ],
      ['window', 'window(t)', (s) => s.map(wrap).window('2s').count().print()],
      ['text', 's3://results/out', (s) => s.map(wrap).saveAsTextFiles('s3://results/out')],
      ['NDJSON', 's3://results/out', (s) => s.map(wrap).saveAsNdjsonFiles('s3://results/out')],
      ['CSV', 's3://results/out', (s) => s.map(wrap).saveAsCsvFiles('s3://results/out', { columns: ['value'] })],
      ['print', 'print-0', (s) => s.map(wrap).print()],
      [
        'groupByKey in place',
        'in place combineByKey(t)',
        (s) =>
          s
            .map((r) => [r.value, wrap()] as const)
            .preservesPartitioning({ newPartitions: 'join' })
            .groupByKey()
            .count()
            .print(),
      ],
    ])('in %s of a source: the record is to blame', async (_, operator, define) => {
      await expect(driven(jobOf(define)).deliver(some)).rejects.toMatchObject({
        ...poison,
        cause: expect.objectContaining({ ...problem, operator }),
      })
      const skips = driven(jobOf(define, { onPoison: 'skip' }))
      await skips.deliver(some)
      await skips.deliver(next)
    })

    it.each<[string, RegExp, (records: Records) => void]>([
      [
        'updateStateByKey',
        /for updateStateByKey\(t\), of key the string "a"/,
        (s) =>
          s
            .map((r) => [r.value, 1] as const)
            .updateStateByKey((_values: readonly number[], _state: unknown) => wrap())
            .count()
            .print(),
      ],
      [
        'repartition',
        /for repartition\(combineByKey\(t\)\), of key the string "a"/,
        (s) =>
          s
            .map((r) => [r.value, 1] as const)
            .groupByKey()
            .mapValues(wrap)
            .repartition(2)
            .count()
            .print(),
      ],
      [
        'mapWithState',
        /for mapWithState\(t\), of key the string "a"/,
        (s) =>
          s
            .map((r) => [r.value, 1] as const)
            .mapWithState(
              StateSpec.function((_key: string, _value: number | undefined, state: State<unknown>): undefined => {
                state.update(wrap())
              }),
            )
            .count()
            .print(),
      ],
      [
        'an output after a shuffle',
        /s3:\/\/results\/out/,
        (s) =>
          s
            .map((r) => [r.value, 1] as const)
            .groupByKey()
            .map(wrap)
            .saveAsTextFiles('s3://results/out'),
      ],
    ])('in %s: the batch stops, nobody is to blame', async (_, where, define) => {
      const skips = driven(jobOf(define, { onPoison: 'skip' }))
      await skips.deliver(some)
      const error: unknown = await skips.deliver(next).catch((error: unknown) => error)
      expect(error).toMatchObject({ message: expect.stringMatching(where) })
      expect(error).toMatchObject({ message: expect.stringContaining(`at${more} is ${found}`) })
    })
  },
)

it('what a schema makes of a record is refused with the record, too', async () => {
  const validate = (): { value: { at: URL } } => ({ value: { at: new URL('http://x') } })
  const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
  const whole = job('values', { batch: 1000 }, ({ kafka }) => {
    kafka('t', { value: json(schema) }).saveAsNdjsonFiles('s3://results/out')
  })
  await expect(driven(whole).deliver(records('t-0', ['{}']))).rejects.toMatchObject({
    cause: expect.objectContaining({
      message: expect.stringContaining('value.value.at is a URL (for s3://results/out)'),
    }),
  })
})

describe('functions that are asynchronous', () => {
  it.each<[string, string, (records: Records) => DStream<unknown>]>([
    // @ts-expect-error a promise is no value
    ['map', 'map', (s) => s.map(async (r) => r.value)],
    // @ts-expect-error a promise is no boolean
    ['filter', 'filter', (s) => s.filter(async () => false)],
    // @ts-expect-error a promise is no iterable
    ['flatMap', 'flatMap', (s) => s.flatMap(async () => ['a'])],
    // @ts-expect-error nor is an asynchronous one
    ['mapPartitions', 'mapPartitions', (s) => s.mapPartitions(async function* () { yield 1 })], // biome-ignore format: one line
    // @ts-expect-error nor is one that will never be any
    ['a rejected promise', 'map', (s) => s.map(() => Promise.reject(new Error('unheard')))],
  ])('%s names mapAsync', async (_, operator, define) => {
    const code = jobOf((s) => define(s).saveAsTextFiles('s3://results/out'))
    const cause = expect.objectContaining({
      code: 'UNSAVABLE_VALUE',
      operator,
      message: expect.stringContaining('mapAsync'),
    })
    await expect(driven(code).deliver(some)).rejects.toMatchObject({
      code: expect.stringMatching(/POISON_RECORD|OPERATOR_FAILED/),
      cause,
    })
  })
})

const describeBytes = (value: unknown): string =>
  value instanceof Uint8Array
    ? `${Buffer.isBuffer(value) ? 'Buffer' : value.constructor.name} ${value.join(' ')}`
    : `${value}`

describe.each(['warm', 'cold'])('%s', (how) => {
  async function run(
    define: Job,
    first = (by: Driven) => by.deliver(some),
    second = (by: Driven) => by.deliver(next),
  ): Promise<Record<string, string>> {
    const one = driven(define)
    await first(one)
    await second(how === 'warm' ? one : one.another()) // closes the batch
    return one.published('out-1000/part')
  }

  it('bytes stay bytes, and no Buffers', async () => {
    const bytes = job('values', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
      kafka('t', { value: raw() })
        .map(({ value }) => ['k', value] as const)
        .reduceByKey((a) => a)
        .map(([, value]) => describeBytes(value))
        .saveAsTextFiles('s3://results/out')
    })
    expect(Object.values(await run(bytes))).toEqual(['Uint8Array 97\n'])
  })

  it('a record within a value is whole', async () => {
    const whole = job('values', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
      kafka('t', { value: json<{ n: number }>() })
        .map((r) => [r.key, { deep: [r, new Map([['r', r]])] as const }] as const)
        .groupByKey()
        .updateStateByKey((values, _state?: unknown) => values.flat())
        .flatMapValues((state) => (Array.isArray(state) ? state : []))
        .map(([key, { deep }]) => {
          const [r, map] = deep
          expect(map.get('r')).toEqual(r)
          const [header] = r.headers
          return [
            key,
            r.topic,
            r.partition,
            r.offset,
            r.timestamp,
            r.timestampType,
            r.value.n,
            header?.name,
            describeBytes(header?.value),
            r.valueSchema?.schemaId,
          ].join()
        })
        .saveAsTextFiles('s3://results/out')
    })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const record = (offset: number, timestamp: number) => ({
      ...{ topic: 't', partition: 0, offset, timestamp, timestampType: 'LOG_APPEND_TIME', key: base64('k') },
      value: base64(`{"n":${offset}}`),
      headers: [{ trace: [1, -1] }],
      valueSchemaMetadata: { dataFormat: 'JSON', schemaId: 's1' },
    })
    const send = (one: ReturnType<typeof record>) => (by: Driven) =>
      by.handler({ eventSource: 'aws:kafka', records: { 't-0': [one] } })
    expect(Object.values(await run(whole, send(record(0, 100)), send(record(1, 1500))))).toEqual([
      '(k,t,0,0,100,LOG_APPEND_TIME,0,trace,Uint8Array 1 255,s1)\n'.replace(/[()]/g, ''),
    ])
  })
})
