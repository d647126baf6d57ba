// What job() refuses, and how: every message says what was wrong, where, and what to do.

import { describe, expect, it } from 'vitest'
import { type DStream, InvalidOptionError, type JobOptions, job, json, text } from '../../src/index.ts'
import { defineJob } from '../../src/stream/job.ts'

type Words = DStream<string>

/** A job with one stream of texts. */
function define(build: (words: Words) => void, options: object = {}, name: unknown = 'words'): () => unknown {
  return () =>
    job(name as string, { batch: '1s', ...options } as JobOptions, ({ kafka }) => {
      build(kafka('lines', { value: text() }).map((record) => record.value))
    })
}

const save = (words: Words): void => words.saveAsTextFiles('s3://results/words')

describe('a job', () => {
  it('is data: settings in milliseconds, sources, outputs', () => {
    const { name, settings, sources, outputs } = defineJob('words', { batch: '30s' }, ({ kafka }) => {
      const words = kafka(['lines', 'more'], { value: text(), gaps: 'skip' }).map((record) => record.value)
      words.saveAsTextFiles('s3://results/words')
      words.print(3)
    })
    expect(name).toBe('words')
    expect(settings).toEqual({
      batch: 30_000,
      time: 'record',
      idleAfter: 60_000,
      waitForFailed: 3_600_000,
      clockSkew: 5000,
      retention: 604_800_000,
      numPartitions: 4,
      sideBySide: 1000,
      idle: 'pause',
      onPoison: 'fail',
      quarantine: undefined,
    })
    expect(sources).toMatchObject([{ source: { feeds: ['lines', 'more'], gaps: 'skip', holes: 'none' } }])
    expect(outputs).toMatchObject([
      { sink: { name: 's3://results/words', places: [{ kind: 'objects', bucket: 'results', prefix: 'words' }] } },
      { sink: { name: { numbered: 'print' }, places: [], takes: 4 } },
    ])
  })

  it('waits at least ten seconds for silent partitions by default', () => {
    expect(
      defineJob('words', { batch: 100 }, ({ kafka }) => kafka('a', { value: text() }).print()).settings.idleAfter,
    ).toBe(10_000)
  })

  it('runs nothing and is built once', () => {
    let calls = 0
    const built = define((words) => {
      calls++
      save(words.map(() => expect.unreachable('definition runs no user code')))
    })
    built()
    expect(calls).toBe(1)
  })

  it.each<[string, () => unknown, string | RegExp]>([
    ['no name', define(save, {}, ''), 'job: a name of 1 to 255 bytes is needed, got "".'],
    ['a name that is no text', define(save, {}, 7), 'job: a name of 1 to 255 bytes is needed, got 7.'],
    ['a long name', define(save, {}, 'ü'.repeat(128)), 'job: a name of 1 to 255 bytes is needed'],
    [
      'an unknown option',
      define(save, { idelAfter: 1 }),
      "job 'words': unknown option 'idelAfter'. Did you mean 'idleAfter'? Known options: batch, time,",
    ],
    ['no batch', define(save, { batch: undefined }), "job 'words', batch: 'undefined' is not a duration"],
    [
      'a batch of nothing',
      define(save, { batch: 0 }),
      "job 'words', batch: the batch interval must be at least 1 ms, got 0.",
    ],
    [
      'a batch without unit',
      define(save, { batch: '5' }),
      "job 'words', batch: '5' is not a duration. Write a number and one of the units",
    ],
    [
      'a wrong time',
      define(save, { time: 'arrivals' }),
      `job 'words', time: "arrivals" is not possible. Did you mean 'arrival'? Choose one of record, arrival.`,
    ],
    [
      'a wrong onPoison',
      define(save, { onPoison: 'ignore' }),
      `job 'words', onPoison: "ignore" is not possible. Choose one of fail, skip, quarantine.`,
    ],
    ['a wrong idleAfter', define(save, { idleAfter: '1 hour' }), "job 'words', idleAfter: '1 hour' is not a duration"],
    [
      'a wrong quarantine',
      define(save, { quarantine: '/tmp/x' }),
      "job 'words', quarantine: '/tmp/x' is not an address of objects",
    ],
    [
      'no output',
      define(() => {}),
      "job 'words' has no output, so it would do nothing. End a stream with saveAs…, foreachRDD() or print().",
    ],
    [
      'two outputs in one place',
      define((words) => [save(words), save(words)]),
      "job 'words': two outputs write to s3://results/words. Give each a prefix of its own, or union the streams.",
    ],
    [
      'two outputs in one place, spelled differently',
      define((words) => [save(words), words.saveAsCsvFiles('s3://results/words/')]),
      'two outputs write to s3://results/words',
    ],
    [
      'print of a half',
      define((words) => words.print(0.5)),
      'print: the number of elements must be a whole number, got 0.5.',
    ],
    [
      'print of less than nothing',
      define((words) => words.print(-1)),
      'print: the number of elements must be a whole number, got -1.',
    ],
    [
      'a bad target',
      define((words) => words.saveAsNdjsonFiles('results')),
      "saveAsNdjsonFiles: 'results' is not an address of objects",
    ],
    [
      'an unknown CSV option',
      define((words) => words.saveAsCsvFiles('s3://results/x', { colums: [] } as object)),
      "saveAsCsvFiles: unknown option 'colums'. Did you mean 'columns'?",
    ],
    [
      'CSV without columns',
      define((words) => words.saveAsCsvFiles('s3://results/x', { columns: [] })),
      'saveAsCsvFiles: columns is empty. Name at least one column.',
    ],
    [
      'map without a function',
      define((words) => words.map(undefined as never).print()),
      'map: expected a function, got undefined.',
    ],
    [
      'filter with null',
      define((words) => words.filter(null as never).print()),
      'filter: expected a function, got null.',
    ],
    [
      'flatMap with a text',
      define((words) => words.flatMap('x' as never).print()),
      'flatMap: expected a function, got string.',
    ],
    [
      'mapAsync without concurrency',
      define((words) => words.mapAsync(async () => 1, { concurrency: 0 }).print()),
      'mapAsync: concurrency must be a whole number of at least 1, got 0.',
    ],
    [
      'an unknown option of mapAsync',
      define((words) => words.mapAsync(async () => 1, { concurency: 2 } as object).print()),
      "mapAsync: unknown option 'concurency'. Did you mean 'concurrency'?",
    ],
  ])('with %s is refused', (_, build, message) => {
    expect(build).toThrow(InvalidOptionError)
    expect(build).toThrow(message)
  })

  it('does not unite streams of another job', () => {
    let foreign: Words | undefined
    define((words) => {
      foreign = words
      save(words)
    })()
    expect(define((words) => save(words.union(foreign ?? words)))).toThrow(
      'union: the streams belong to different jobs. Define them inside one job().',
    )
  })
})

describe('a Kafka source', () => {
  const source =
    (topics: unknown, options: unknown = { value: text() }) =>
    () =>
      job('words', { batch: '1ms' }, ({ kafka }) =>
        kafka(topics as string, options as { value: ReturnType<typeof text> }).print(),
      )

  it.each<[string, () => unknown, string]>([
    ['no topic', source([]), "job 'words', kafka: no topic given."],
    [
      'an empty topic',
      source(''),
      `job 'words', kafka: "" is not a topic name (1 to 249 of a-z, A-Z, 0-9, '.', '_', '-').`,
    ],
    ['a topic with a space', source('my lines'), '"my lines" is not a topic name'],
    ['a topic of dots', source('..'), '".." is not a topic name'],
    ['a long topic', source('x'.repeat(250)), 'is not a topic name'],
    ['a topic among others that is none', source(['lines', 'a/b']), '"a/b" is not a topic name'],
    ['no options', source('lines', null), "job 'words', kafka: expected an object of options, got null."],
    ['no value', source('lines', {}), "job 'words', kafka: 'value' must be a decoder such as text(), json() or raw()."],
    ['a value that is no decoder', source('lines', { value: 'text' }), "'value' must be a decoder"],
    ['a decoder that was not called', source('lines', { value: json }), "'value' must be a decoder"],
    [
      'an unknown option',
      source('lines', { value: text(), vlaue: text() }),
      "unknown option 'vlaue'. Did you mean 'value'?",
    ],
    [
      'a wrong gaps',
      source('lines', { value: text(), gaps: 'ignore' }),
      `kafka, gaps: "ignore" is not possible. Choose one of fail, skip, quarantine.`,
    ],
    [
      'a wrong holes',
      source('lines', { value: text(), holes: 'compact' }),
      `holes: "compact" is not possible. Did you mean 'compacted'?`,
    ],
  ])('with %s is refused', (_, build, message) => {
    expect(build).toThrow(InvalidOptionError)
    expect(build).toThrow(message)
  })

  it.each(['lines', 'a', 'x'.repeat(249), 'With.Dots_and-dashes', '...'])('reads the topic %o', (topic) => {
    expect(source(topic)).not.toThrow()
  })
})
