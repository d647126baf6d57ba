// A source that nobody knows but this file: a stream whose positions are sequence numbers, text and far apart, as Kinesis has them.
// It runs in the real runtime and handler. What it takes to add a source is what stands here, above the tests.

import { beforeEach, expect, it } from 'vitest'
import { MillraceError } from '../../src/errors/errors.ts'
import { Job } from '../../src/graph/job.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import type { Delivery, Source, SourceKind } from '../../src/sources/source.ts'
import type { DStream } from '../../src/stream/dstream.ts'
import { defineFrom } from '../../src/stream/job.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { hashOf } from '../../src/values/hash.ts'
import { bringToRest } from '../support/rest.ts'

interface Row {
  readonly shard: string
  readonly sequence: string
  readonly at: number
  readonly word: string
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && 'sequence' in value && 'shard' in value && 'word' in value

const TICKER: SourceKind<Row, { readonly last: string }> = {
  name: 'ticker',
  checkJob() {},
  eventSources: ['test:ticker'],
  parse({ eventSource, rows }) {
    if (eventSource !== 'test:ticker' || !Array.isArray(rows)) return undefined
    const shards = Map.groupBy(rows.filter(isRow), ({ shard }) => shard)
    return Array.from(shards, ([shard, records]): Delivery<Row> => ({ feed: 'ticks', task: `ticks/${shard}`, records }))
  },
  answer: (failed) => failed.map(({ task }) => ({ itemIdentifier: { partition: task, offset: 0 } })),
  feedOf: (task) => /^(ticks)\/./.exec(task)?.[1],
  tasksOf: () => [], // shards come and go: they are learned when first seen
  taskFacts: (task) => ({ shard: task }),
  isPosition: (value): value is { readonly last: string } =>
    typeof value === 'object' && value !== null && 'last' in value && typeof value.last === 'string',
  isFresh: () => true, // numbers are sparse: only the fence tells
  async cut({ position }, records) {
    const fresh = records.filter(({ sequence }) => sequence > (position?.last ?? ''))
    return {
      records: fresh,
      duplicates: records.length - fresh.length,
      missingBefore: () => ({ count: 0, lines: [] }), // and nobody can tell what is missing
    }
  },
  async checkDropped() {},
  after: ({ position }, records) => ({ last: records.at(-1)?.sequence ?? position?.last ?? '' }),
  rest: (position) => position,
  isBeyond: (position, sequence) => position !== undefined && position.last >= String(sequence),
  nextOf: (position, records) => records.find(({ sequence }) => sequence > (position?.last ?? ''))?.sequence ?? '',
  markOf: ({ sequence }) => sequence,
  timeOf: ({ at }) => at,
  bucketOf: ({ sequence }, count) => hashOf(sequence) % count,
  nameOf: ({ sequence }) => sequence,
  recordFacts: ({ sequence }) => ({ sequence }),
  describe: (row) => row,
  spanOf: (records) => `sequence numbers ${records[0]?.sequence} to ${records.at(-1)?.sequence}`,
  poison: (task, { sequence }, cause) => new MillraceError('POISON_RECORD', `${task.task} at ${sequence}`, { cause }),
}

const ticker: Source<Row> = { kind: TICKER, feeds: ['ticks'], elements: (rows) => [...rows] }

// Three more digits than a number holds, and never two in a row.
const sequenceOf = (n: number): string => `4957${String(n * n).padStart(6, '0')}0000000000017`
const row = (n: number, word = `w${n}`, shard = 'a'): Row => ({ shard, sequence: sequenceOf(n), at: n * 300, word })
const rows = (from: number, until: number): Row[] => Array.from({ length: until - from }, (_, i) => row(from + i))
const event = (...some: Row[]): unknown => ({ eventSource: 'test:ticker', rows: some })

let environment: MemoryEnvironment
beforeEach(() => {
  environment = memoryEnvironment(100_000)
})

function instance(define: (words: DStream<Row>) => void, reportFailures = false): LambdaHandler {
  const definition = defineFrom('ticks', { batch: 1000 }, (open) => define(open<Row>(ticker)))
  return lambda(new Job(definition), { environment: environment.another(), reportFailures })
}

const copy = (words: DStream<Row>): void => words.map(({ word }) => word).saveAsTextFiles('s3://results/copy')
const counts = (words: DStream<Row>): void =>
  words
    .map(({ word }) => [word, 1] as const)
    .updateStateByKey((ones: readonly number[], sum: number | undefined) => (sum ?? 0) + ones.length, { id: 'counts' })
    .saveAsTextFiles('s3://results/counts')

const text = async (prefix: string): Promise<string> =>
  [...(await readObjects(environment.objects, 'results', prefix)).values()].join('')
const lines = async (prefix: string): Promise<string[]> => (await text(prefix)).trimEnd().split('\n')

it('is read once, whatever comes twice or is cut anew', async () => {
  const handler = instance(copy)
  await handler(event(...rows(1, 4)))
  await handler(event(...rows(1, 4)))
  await handler(event(...rows(2, 9)))
  expect(await lines('copy')).toEqual(['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'])
})

it('goes on after a restart, and with an instance whose memory is behind: the fence tells it', async () => {
  const stale = instance(copy)
  await stale(event(...rows(1, 4)))
  const other = instance(copy)
  await other(event(...rows(2, 7)))
  await stale(event(...rows(5, 9)))
  await instance(copy)(event(...rows(1, 11)))
  expect((await lines('copy')).toSorted()).toEqual(
    rows(1, 11)
      .map(({ word }) => word)
      .toSorted(),
  )
})

it('keeps state and closes batches, shard by shard and to its end', async () => {
  const handler = instance(counts)
  const words = [row(1, 'x'), row(2, 'y'), row(3, 'x'), row(4, 'x')]
  await handler(event(...words, row(1, 'x', 'b')))
  await instance(counts)(event(...words, row(6, 'y')))
  await bringToRest('ticks', instance(counts), environment)
  expect((await lines('counts-1000/part')).toSorted()).toEqual(['(x,3)', '(y,1)'])
  expect((await lines('counts-2000/part')).toSorted()).toEqual(['(x,4)', '(y,2)'])
  expect((await readObjects(environment.objects, 'results', 'counts-2000/_SUCCESS')).size).toBe(1)
})

it('stops at a record that cannot be processed, commits what is before it, and says where', async () => {
  const strict = (words: DStream<Row>): void =>
    copy(
      words.map((one) => {
        if (one.word === 'w3') throw new Error('no')
        return one
      }),
    )
  const answer = await instance(strict, true)(event(...rows(1, 5)))
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: 'ticks/a', offset: 0 } }] })
  expect(await lines('copy')).toEqual(['w1', 'w2'])
  expect(await environment.table.listRows('ticks', 'trouble#')).toMatchObject(
    new Map([['trouble#ticks/a', { data: { waitingFor: sequenceOf(3) } }]]),
  )
  await instance(copy)(event(...rows(1, 5)))
  expect(await lines('copy')).toEqual(['w1', 'w2', 'w3', 'w4'])
})
