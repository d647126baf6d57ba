// Twelve mistakes that newcomers make. Each message says what is wrong, where (job, operator, record, key), and what to do. The
// compiler finds some of them first: these are the calls of those who have no types, or got past them.

import { describe, expect, it } from 'vitest'
import { type JobContext, type JobOptions, job, text } from '../../src/index.ts'
import { testJob } from '../../src/testing/index.ts'
import { copying, driven, records } from '../support/driven.ts'

type Define = (words: ReturnType<typeof wordsOf>, context: JobContext) => void
const wordsOf = ({ kafka }: JobContext) => kafka('lines', { value: text() }).map(({ value }) => value)
const define = (how: Define, options: Partial<JobOptions> = {}) =>
  job('words', { batch: '5s', ...options }, (context) => how(wordsOf(context), context))
const run = (how: Define) => testJob(define(how), { records: { lines: ['to be'] } })
/** Of a call that the compiler refuses. */
const untyped = (stream: object, method: string, ...given: readonly unknown[]): { print(): void } =>
  Reflect.apply(Reflect.get(stream, method), stream, given)

class Sum {
  total = 1
}

describe('of a definition, when it is made', () => {
  it.each<[mistake: string, make: () => unknown, said: string]>([
    [
      'an option that is unknown',
      () => Reflect.apply(job, undefined, ['words', { batch: '5s', idelAfter: '5s' }, () => {}]),
      "job 'words': unknown option 'idelAfter'. Did you mean 'idleAfter'? Known options: batch,",
    ],
    [
      'a window that is no multiple',
      () => define((words) => words.window('7s').print()),
      'window: the window (7000 ms) must be a multiple of the slide of the stream it is applied to (5000 ms). Use 5000 or 10000 ms.',
    ],
    [
      'a slide that is none',
      () => define((words) => words.countByWindow('10s', '3s').print()),
      'countByWindow: the slide (3000 ms) must be a multiple of the slide of the stream it is applied to (5000 ms). Use 5000 ms.',
    ],
    [
      'no output',
      () => define((words) => void words.map((word) => word)),
      "job 'words' has no output, so it would do nothing. End a stream with saveAs…, foreachRDD() or print().",
    ],
    [
      'no bucket',
      () => define((words) => words.saveAsTextFiles('words')),
      "saveAsTextFiles: 'words' is not an address of objects. Write s3://bucket/prefix; in development a directory stands for the bucket.",
    ],
    [
      'one prefix for two outputs',
      () =>
        define((words) => {
          words.saveAsTextFiles('s3://results/words')
          words.count().saveAsTextFiles('s3://results/words')
        }),
      "job 'words': two outputs write to s3://results/words. Give each a prefix of its own, or union the streams.",
    ],
    [
      'seconds without their unit',
      () => define((words) => words.print(), { batch: 5 }),
      "job 'words', batch: 5 is 5 milliseconds, less than a commit takes. Write '5s' or seconds(5) for seconds, or '5ms' if that is meant.",
    ],
  ])('%s', (_, make, said) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(said) }))
  })
})

describe('of a function, at its record or batch', () => {
  it.each<[mistake: string, how: Define, said: readonly string[]]>([
    [
      'a function in state',
      (words) =>
        words
          .map((word) => [word, 1])
          .updateStateByKey((_, state) => Object({ state, now: () => 1 }))
          .print(),
      [
        'value.now is a function',
        'updateStateByKey(lines), of key the string "to be"',
        'must be data',
        'Map to such a value first.',
      ],
    ],
    [
      'an instance of a class in state',
      (words) =>
        words
          .map((word) => [word, 1])
          .updateStateByKey((_, __: Sum | undefined) => new Sum())
          .print(),
      [
        'value is a Sum',
        'updateStateByKey(lines), of key the string "to be"',
        'must be data',
        'Map to such a value first.',
      ],
    ],
    [
      'a function that throws',
      (words) => words.map((word) => Reflect.get(Object(word), 'shop').name).print(),
      [
        'job words, stage source, task lines-0: the record at offset 0',
        "reading 'name'",
        "onPoison: 'skip' or 'quarantine'",
      ],
    ],
    [
      'one that throws on state',
      (words) =>
        words
          .map((word) => [word, 1])
          .updateStateByKey((_, state: { sum: { n: number } } | undefined) => Object(state).sum.n)
          .print(),
      ['updateStateByKey(lines) fails on batch 5000', "reading 'n'", 'Fix the function and deploy the job again'],
    ],
    [
      'a key that is missing',
      (words) =>
        words
          .map((word) => [Reflect.get(Object(word), 'shop'), 1])
          .reduceByKey((a) => a)
          .print(),
      [
        'the record at offset 0',
        'key is undefined. A field is missing there',
        'leave such elements out with filter',
        'null. Records',
      ],
    ],
    [
      'elements that are no pairs',
      (words) => untyped(words, 'reduceByKey', (a: unknown) => a).print(),
      [
        'the record at offset 0',
        'The operator on pairs combineByKey(lines) got the string "to be"',
        '.map((x) => [keyOf(x), x])',
      ],
    ],
    [
      'an asynchronous function',
      (words) => untyped(words, 'map', async (word: unknown) => word).print(),
      ['the record at offset 0', 'value is a Promise (for map)', 'Use mapAsync'],
    ],
  ])('%s', async (_, how, said) => {
    const message = await run(how).then(String, (error: Error) => error.message)
    for (const part of said) expect(message).toContain(part)
  })
})

it('of a deployment: two functions that run jobs of one name', async () => {
  const one = driven(copying(), { owner: 'one' })
  await one.deliver(records('lines-0', ['a']))
  const message = await one
    .another({ owner: 'two' })
    .deliver(records('lines-0', ['b']))
    .then(String, (error: Error) => error.message)
  expect(message).toMatch(/'?copy'?.*one.*two/s)
  expect(message).toMatch(/takeOver|another name|name of its own/)
})
