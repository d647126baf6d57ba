// Functions that return promises where a value is needed: they do not compile, and what gets past the compiler is stopped at the
// first promise, with a sentence that says what to do.

import { describe, expect, it } from 'vitest'
import { type DStream, type Job, job, StateSpec, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

type Words = DStream<string>
/** What the compiler does not look at, as in plain JavaScript. */
type Untyped = never

const late = async (..._: unknown[]): Promise<unknown> => 1
const thenable = (): unknown => Object.fromEntries([['then', (resolve: (n: number) => void) => resolve(1)]])
const pairs = (words: Words): DStream<readonly [string, number]> => words.map((word) => [word, 1] as const)
const add = (a: number, b: number): number => a + b

const CASES: Readonly<Record<string, (words: Words) => DStream<unknown>>> = {
  map: (words) => words.map<unknown>(late as Untyped),
  filter: (words) => words.filter(late as Untyped),
  flatMap: (words) => words.flatMap(late as Untyped),
  mapPartitions: (words) => words.mapPartitions(late as Untyped),
  'mapPartitions with an async generator': (words) =>
    words.mapPartitions(async function* () {
      yield 1
    } as Untyped),
  'flatMap with an async generator': (words) =>
    words.flatMap(async function* () {
      yield 1
    } as Untyped),
  mapValues: (words) => pairs(words).mapValues<string, number, unknown>(late as Untyped),
  flatMapValues: (words) => pairs(words).flatMapValues(late as Untyped),
  reduceByKey: (words) => pairs(words).reduceByKey(late as Untyped),
  'combineByKey, create': (words) => pairs(words).combineByKey<string, number, number>(late as Untyped, add, add),
  'combineByKey, mergeValue': (words) => pairs(words).combineByKey((n: number) => n, late as Untyped, add),
  reduce: (words) => words.reduce(late as Untyped),
  reduceByWindow: (words) => words.reduceByWindow(late as Untyped, '1s', '1s'),
  reduceByKeyAndWindow: (words) => pairs(words).reduceByKeyAndWindow(late as Untyped, '1s'),
  'reduceByKeyAndWindow with an inverse': (words) =>
    pairs(words).reduceByKeyAndWindow(late as Untyped, late as Untyped, '1s', '1s'),
  'a filter of reduceByKeyAndWindow': (words) =>
    pairs(words).reduceByKeyAndWindow(add, add, '1s', '1s', { filter: late as Untyped }),
  'updateStateByKey of values': (words) =>
    pairs(words).updateStateByKey(((_values: unknown, _state: unknown) => late()) as Untyped),
  'updateStateByKey of groups': (words) => pairs(words).updateStateByKey(((_groups: unknown) => late()) as Untyped),
  'updateStateByKey of groups, with an async generator': (words) =>
    pairs(words).updateStateByKey(async function* (_groups: unknown) {} as Untyped),
  'updateStateByKey with the time': (words) =>
    pairs(words).updateStateByKey(((_t: unknown, _k: unknown, _v: unknown, _s: unknown) => late()) as Untyped),
  mapWithState: (words) =>
    pairs(words).mapWithState(StateSpec.function(((_k: unknown, _v: unknown, _s: unknown) => late()) as Untyped)),
  'a thenable from map': (words) => words.map<unknown>(thenable as Untyped),
  'a thenable from filter': (words) => words.filter(thenable as Untyped),
}

const define = (operator: (words: Words) => DStream<unknown>): Job =>
  job('late', { batch: '1s' }, ({ kafka }) => {
    operator(kafka('lines', { value: text() }).map(({ value }) => value)).saveAsTextFiles('s3://results/late')
  })

describe.each(Object.entries(CASES))('a promise where a value is needed: %s', (_, operator) => {
  it('is refused at the first, naming an operator and mapAsync', async () => {
    const environment = memoryEnvironment().another({ partitions: new Map([['lines', 1]]) })
    const handler = lambda(define(operator), { environment })
    const run = async (): Promise<void> => {
      await handler(kafkaEvent({ 'lines-0': lines(['a', 'a', 'b'], { step: 0 }) }))
      await bringToRest('late', handler, environment)
    }
    const error: unknown = await run().catch((error: unknown) => error)
    expect(error).toMatchObject({ message: expect.stringContaining('mapAsync') })
    expect(error).toMatchObject({ message: expect.stringMatching(/for \w+/) })
    expect((await readObjects(environment.objects, 'results', 'late-1000/part')).size).toBe(0)
  })
})

it('a promise that is rejected is not left to end the process', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const rejecting = define((words) => words.map<unknown>((async () => Promise.reject(new Error('away'))) as Untyped))
    const handler = lambda(rejecting, { environment: memoryEnvironment() })
    await expect(handler(kafkaEvent({ 'lines-0': lines(['a']) }))).rejects.toThrow('mapAsync')
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})

it('an object with a property called then is none', async () => {
  const environment = memoryEnvironment()
  const plain = define((words) => words.map((word) => Object.fromEntries([['then', word]])))
  await lambda(plain, { environment })(kafkaEvent({ 'lines-0': lines(['a']) }))
  expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(['{"then":"a"}\n'])
})
