// Operators by key in source tasks give what the same job gives with a shuffle, T by T, however the event source cuts the
// topic, whatever comes twice, and whoever goes on (I1, I2, I6).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type State, StateSpec } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, type SimpleRecord } from '../support/kafka-events.ts'
import { byBatch, type KeyedRecord, keyedJob, partitioned, type Words } from '../support/keyed-topic.ts'
import { bringToRest } from '../support/rest.ts'

const RUNS = Number(process.env.MILLRACE_RUNS ?? 30)
const START = 1_700_000_000_000
const add = (a: number, b: number): number => a + b
const take = (a: number, b: number): number => a - b

const ones = (words: Words) => words.mapValues(() => 1)
const save = (stream: { saveAsTextFiles(prefix: string): void }, name = 'out') =>
  stream.saveAsTextFiles(`s3://results/${name}`)

/** Says how often a key has come, and when it was forgotten. */
const counting = StateSpec.function((word: string, value: string | undefined, state: State<number>) => {
  const n = state.getOption() ?? 0
  if (value === undefined) return `${word} gone after ${n}`
  state.update(n + 1)
  return `${word} ${value} ${n + 1}`
})

const JOBS: Readonly<Record<string, (words: Words) => void>> = {
  reduceByKey: (words) => save(ones(words).reduceByKey(add)),
  groupByKey: (words) => save(words.groupByKey().mapValues((values) => values.join('+'))),
  'a window': (words) => save(ones(words).reduceByKeyAndWindow(add, 3000, 2000)),
  'a window with an inverse': (words) =>
    save(ones(words).reduceByKeyAndWindow(add, take, 4000, 1000, { filter: ([, n]) => n > 0 })),
  'a window of elements': (words) => save(words.window(2000)),
  groupByKeyAndWindow: (words) => save(words.groupByKeyAndWindow(2000).mapValues((values) => values.join('+'))),
  'mapWithState with a timeout': (words) => save(words.mapWithState(counting.timeout(2500))),
  'a join with itself': (words) =>
    save(words.filter(([, value]) => value < 'f').leftOuterJoin(words.mapValues((value) => value.length))),
  'several at once': (words) => {
    save(ones(words).reduceByKey(add), 'counts')
    save(words.mapWithState(counting), 'states')
    save(words, 'words')
    words.print(3)
  },
  'a union with what is not reduced': (words) =>
    save(
      words
        .union(words.groupByKey().mapValues((values) => values.join('+')))
        .groupByKey()
        .mapValues((values) => values.length),
    ),
  'a shuffle after it': (words) => {
    const counts = ones(words).reduceByKeyAndWindow(add, 2000)
    save(
      counts
        .map(([word, n]) => [n, word] as const)
        .groupByKey()
        .mapValues((some) => some.sort().join('+')),
      'by-count',
    )
    save(counts.count(), 'count')
    save(words.count(), 'all')
  },
}

const record: fc.Arbitrary<KeyedRecord> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  value: fc.string({ unit: 'grapheme-ascii', maxLength: 3 }).map((value) => value.replaceAll(/[^a-z]/gi, 'x')),
  timestamp: fc.integer({ min: 0, max: 9000 }).map((at) => START + at),
})

/** One step of an event source, and of those who run the function. */
interface Step {
  /** How many records each partition sends; the first of them that many before where it stands. */
  readonly sizes: readonly number[]
  readonly again: number
  /** Whose turn it is; another has other memory. */
  readonly process: number
  readonly restart: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }),
  again: fc.constantFrom(0, 0, 0, 1, 3),
  process: fc.integer({ min: 0, max: 1 }),
  restart: fc.boolean(),
})

type Define = (words: Words) => void

class Run {
  readonly environment = memoryEnvironment(START + 20_000)
  readonly #define: Define
  readonly #marked: boolean
  readonly #partitions: Readonly<Record<string, readonly SimpleRecord[]>>
  readonly #known: ReadonlyMap<string, number>
  readonly #sent = new Map<string, number>()
  readonly #handlers: LambdaHandler[] = []

  constructor(define: Define, marked: boolean, records: readonly KeyedRecord[], count: number) {
    this.#define = define
    this.#marked = marked
    this.#partitions = partitioned(
      [...records].sort((a, b) => a.timestamp - b.timestamp),
      count,
    )
    this.#known = new Map([['words', count]])
  }

  async step({ sizes, again, process, restart }: Step): Promise<void> {
    const event: Record<string, readonly SimpleRecord[]> = {}
    for (const [i, [name, records]] of Object.entries(this.#partitions).entries()) {
      const sent = this.#sent.get(name) ?? 0
      const until = Math.min(records.length, sent + (sizes[i] ?? 0))
      const some = records.slice(Math.max(0, sent - again), until)
      if (some.length > 0) event[name] = some
      this.#sent.set(name, until)
    }
    if (Object.keys(event).length > 0) await this.#handler(process, restart)(kafkaEvent(event))
  }

  async finish(): Promise<unknown> {
    const all = Object.keys(this.#partitions).map(() => 1000)
    await this.step({ sizes: all, again: 0, process: 0, restart: false })
    await bringToRest('keyed', this.#handler(0, true), this.environment)
    return byBatch(await readObjects(this.environment.objects, 'results'))
  }

  #handler(process: number, restart: boolean): LambdaHandler {
    const known = restart ? undefined : this.#handlers[process]
    if (known) return known
    const environment: MemoryEnvironment = this.environment.another({ partitions: this.#known })
    const options = { batch: 1000, idleAfter: '1h', numPartitions: 2 } as const
    const handler = lambda(keyedJob(options, this.#marked, this.#define), { environment })
    this.#handlers[process] = handler
    return handler
  }
}

describe('in place', () => {
  it.each(Object.entries(JOBS))(
    '%s gives what it gives with a shuffle',
    async (_, define) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(record, { minLength: 1, maxLength: 25 }),
          fc.integer({ min: 1, max: 3 }),
          fc.array(step, { maxLength: 12 }),
          async (records, count, steps) => {
            const shuffled = await new Run(define, false, records, count).finish()
            const inPlace = new Run(define, true, records, count)
            for (const one of steps) await inPlace.step(one)
            expect(await inPlace.finish()).toEqual(shuffled)
          },
        ),
        { numRuns: RUNS },
      )
    },
    120_000,
  )
})
