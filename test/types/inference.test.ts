// Types flow through a chain without annotations. Checked by `npm run types` (tsc), and run here only to be counted.

import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import {
  type DStream,
  type Job,
  type JobContext,
  job,
  json,
  type KafkaRecord,
  type MappedStream,
  type MapWithStateOptions,
  nullable,
  raw,
  type ShuffleOptions,
  type State,
  type StateOptions,
  StateSpec,
  text,
  type UpdateOptions,
  type VersionOptions,
} from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import type { TestRecord } from '../../src/testing/index.ts'

/** Defines a job around a function that is only looked at by the type checker. */
function typed(look: (context: JobContext) => void): Job {
  return job('typed', { batch: 1000 }, (context) => {
    look(context)
    context.kafka('lines', { value: text() }).print()
  })
}

describe('types', () => {
  it('come from the decoders', () => {
    typed(({ kafka }) => {
      expectTypeOf(kafka('a', { value: text() })).toEqualTypeOf<DStream<KafkaRecord<string, string | null>>>()
      expectTypeOf(kafka('a', { value: raw() })).toEqualTypeOf<DStream<KafkaRecord<Uint8Array, string | null>>>()
      expectTypeOf(kafka('a', { value: nullable(text()) })).toEqualTypeOf<
        DStream<KafkaRecord<string | null, string | null>>
      >()
      expectTypeOf(kafka(['a', 'b'], { value: json(), key: json<number>() })).toEqualTypeOf<
        DStream<KafkaRecord<unknown, number>>
      >()
      expectTypeOf(kafka('a', { value: json<{ id: string }>() }).map(({ value }) => value.id)).toEqualTypeOf<
        DStream<string>
      >()
      expectTypeOf(
        kafka('a', { value: { format: 'own', decode: () => new Date() } }).map((r) => r.value),
      ).toEqualTypeOf<DStream<Date>>()
    })
  })

  it("of a schema are its output's", () => {
    const order = z.object({ id: z.string(), cents: z.coerce.number(), tags: z.array(z.string()).default([]) })
    typed(({ kafka }) => {
      const orders = kafka('orders', { value: json(order) }).map(({ value }) => value)
      expectTypeOf(orders).toEqualTypeOf<DStream<{ id: string; cents: number; tags: string[] }>>()
    })
  })

  it('go through a chain without an annotation', () => {
    typed(({ kafka }) => {
      const lines = kafka('lines', { value: text() })
      const pairs = lines
        .flatMap((record) => record.value.split(' '))
        .filter((word) => word !== '')
        .map((word) => [word, 1] as const)
      expectTypeOf(pairs).toEqualTypeOf<DStream<readonly [string, 1]>>()
      expectTypeOf(pairs.map(([word, count]) => ({ word, count: count + 1 }))).toEqualTypeOf<
        DStream<{ word: string; count: number }>
      >()
      expectTypeOf(lines.mapAsync(async ({ offset }) => offset)).toEqualTypeOf<DStream<number>>()
      expectTypeOf(lines.mapPartitions((records) => [[...records].length])).toEqualTypeOf<DStream<number>>()
      expectTypeOf(lines.flatMap(({ value }) => value)).toEqualTypeOf<DStream<string>>()
      expectTypeOf(lines.flatMap(() => new Map([['a', 1]]))).toEqualTypeOf<DStream<[string, number]>>()
    })
  })

  it('stay what they are in a stream that is partitioned by key, and are refused where there are no pairs', () => {
    typed(({ kafka }) => {
      const pairs = kafka('a', { value: json<{ cents: number }>() }).map((r) => [r.key ?? '', r.value.cents] as const)
      const keyed = pairs.preservesPartitioning()
      expectTypeOf(keyed).toEqualTypeOf<DStream<readonly [string, number]>>()
      expectTypeOf(keyed.reduceByKey((a, b) => a + b).preservesPartitioning({ newPartitions: 'join' })).toEqualTypeOf<
        DStream<readonly [string, number]>
      >()
      const lines = kafka('a', { value: text() })
      // @ts-expect-error: a stream of records has no keys
      lines.preservesPartitioning()
      // @ts-expect-error: 'grow' is no choice
      expect(() => pairs.preservesPartitioning({ newPartitions: 'grow' })).toThrow('grow')
    })
  })

  it('are narrowed by a filter that is a type guard', () => {
    typed(({ kafka }) => {
      const values = kafka('a', { value: nullable(text()) }).map(({ value }) => value)
      expectTypeOf(values).toEqualTypeOf<DStream<string | null>>()
      expectTypeOf(values.filter((value) => value !== null)).toEqualTypeOf<DStream<string>>()
      expectTypeOf(values.filter((value): value is 'a' => value === 'a')).toEqualTypeOf<DStream<'a'>>()
      expectTypeOf(values.filter((value) => value?.length === 1)).toEqualTypeOf<DStream<string | null>>()
    })
  })

  it('of a union are those of its streams', () => {
    typed(({ kafka }) => {
      const numbers = kafka('a', { value: json<number>() }).map(({ value }) => value)
      const words = kafka('b', { value: text() }).map(({ value }) => value)
      expectTypeOf(words.union(words, words)).toEqualTypeOf<DStream<string>>()
      // @ts-expect-error numbers are no texts
      words.union(numbers)
      const either = words.map((word): string | number => word)
      expectTypeOf(either.union(numbers)).toEqualTypeOf<DStream<string | number>>()
    })
  })

  it('refuse what the runtime would refuse', () => {
    const impossible = (): void => {
      typed(({ kafka }) => {
        const lines = kafka('lines', { value: text() })
        // @ts-expect-error a source needs a decoder of values
        kafka('lines', {})
        // @ts-expect-error unknown option
        kafka('lines', { value: text(), vlaue: text() })
        // @ts-expect-error not a policy
        kafka('lines', { value: text(), gaps: 'ignore' })
        // @ts-expect-error flatMap needs an iterable
        lines.flatMap(({ offset }) => offset)
        // @ts-expect-error mapAsync needs a promise
        lines.mapAsync(({ offset }) => offset)
        const pairs = lines.map(({ value }) => [value, 1] as const)
        // @ts-expect-error map needs a value, not a promise
        lines.map(async ({ value }) => value)
        // @ts-expect-error nor sometimes one
        lines.map(({ value }) => (value === '' ? Promise.resolve(value) : value))
        // @ts-expect-error a promise is always true
        lines.filter(async ({ value }) => value !== '')
        // @ts-expect-error a promise cannot be gone through
        lines.flatMap(async ({ value }) => [value])
        // @ts-expect-error nor can what only for await goes through
        lines.mapPartitions(async function* () {
          yield 1
        })
        // @ts-expect-error the value of a pair, too
        pairs.mapValues(async (n) => n)
        // @ts-expect-error what combines needs a value
        pairs.reduceByKey(async (a, b) => a + b)
        pairs.combineByKey(
          // @ts-expect-error so does what begins
          async (n) => n,
          async (a) => a,
          async (a) => a,
        )
        // @ts-expect-error so does state
        pairs.updateStateByKey(async (ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
        // @ts-expect-error and what mapWithState emits
        StateSpec.function(async (_key: string, one: number | undefined, _state: State<number>) => one)
        // @ts-expect-error records are read-only
        lines.map((record) => (record.offset = 1))
        // @ts-expect-error a value is text
        lines.map(({ value }) => value.cents)
        // @ts-expect-error unknown option
        lines.saveAsCsvFiles('s3://results/x', { colums: ['a'] })
        lines.saveAsCsvFiles('s3://results/x')
        lines.map(({ value }) => [value, 1] as const).saveAsCsvFiles('s3://results/x', { suffix: 'csv' })
        // @ts-expect-error objects have to be given columns
        lines.map(({ value }) => ({ value })).saveAsCsvFiles('s3://results/x')
        // @ts-expect-error some of them are objects
        lines.map(({ value }) => (value === '' ? value : { value })).saveAsCsvFiles('s3://results/x', { suffix: 'csv' })
        // @ts-expect-error arrays of any length, too
        lines.map(({ value }) => value.split(',')).saveAsCsvFiles('s3://results/x')
        lines.map(({ value }) => ({ value })).saveAsCsvFiles('s3://results/x', { columns: ['value'] })
      })
      // @ts-expect-error no batch interval
      job('x', {}, () => {})
      // @ts-expect-error unknown option
      job('x', { batch: 1, idelAfter: 1 }, () => {})
      // @ts-expect-error not a choice
      job('x', { batch: 1, time: 'event' }, () => {})
    }
    expectTypeOf(impossible).toBeFunction()
  })

  it('of state are those that migrate gives back', () => {
    const impossible = (): void => {
      typed(({ kafka }) => {
        const pairs = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
        const update = (ones: readonly number[], state: { n: number } | undefined) => ({
          n: ones.length + (state?.n ?? 0),
        })
        const migrate = (value: unknown, from: number) => ({ n: from === 1 ? Number(value) : 0 })
        const states = pairs.updateStateByKey(update, { version: 2, migrate })
        expectTypeOf(states).toEqualTypeOf<DStream<[string, { n: number }]>>()
        expectTypeOf(
          pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '2s', { version: 2, migrate: Number }),
        ).toEqualTypeOf<DStream<[string, number]>>()
        const spec = StateSpec.function((_key: string, one: number | undefined, state: State<{ n: number }>) => {
          state.update({ n: one ?? 0 })
        })
        expectTypeOf(spec.version(2, migrate)).toEqualTypeOf(spec)
        // @ts-expect-error not the state
        pairs.updateStateByKey(update, { version: 2, migrate: Number })
        // @ts-expect-error not the state
        spec.version(2, Number)
        // @ts-expect-error not the value
        pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '2s', { version: 2, migrate })
        // @ts-expect-error what older code left is unknown
        pairs.updateStateByKey(update, { version: 2, migrate: (n: number) => ({ n }) })
      })
    }
    expectTypeOf(impossible).toBeFunction()
  })

  it('of a handler are what Lambda calls', () => {
    expectTypeOf(lambda).returns.toEqualTypeOf<LambdaHandler>()
    expectTypeOf<LambdaHandler>().returns.resolves.toEqualTypeOf<
      | {
          readonly batchItemFailures: readonly {
            readonly itemIdentifier: { readonly partition: string; readonly offset: number }
          }[]
        }
      | undefined
    >()
  })

  it('of options of state are alike for all that keep some, and do not decide what the state is', () => {
    expectTypeOf<UpdateOptions<string, number>>().toExtend<StateOptions<string, number>>()
    expectTypeOf<MapWithStateOptions<string, number>>().toExtend<UpdateOptions<string, number>>()
    expectTypeOf<StateOptions<string, number>>().toExtend<ShuffleOptions & VersionOptions<number>>()
    typed(({ kafka }) => {
      const pairs = kafka('a', { value: text() }).map((r) => [r.value, 1] as const)
      const options: StateOptions<string, number> = {
        id: 'a',
        numPartitions: 2,
        version: 2,
        migrate: Number,
        initialState: [],
      }
      const counting = (_word: string, one: number | undefined, state: State<number>) =>
        (state.getOption() ?? 0) + (one ?? 0)
      expectTypeOf(StateSpec.function(counting, options)).toEqualTypeOf<StateSpec<string, number, number, number>>()
      pairs.mapWithState(StateSpec.function(counting), options)
      pairs.updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length, options)
      const refused = () => {
        // @ts-expect-error: a state is a number
        StateSpec.function(counting, { migrate: String, version: 2 })
        // @ts-expect-error: only what mapWithState keeps has a timeout
        pairs.updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length, {
          timeout: 1,
        })
        // @ts-expect-error: nothing of the user's is kept
        pairs.cogroup(pairs, { version: 2 })
      }
      expectTypeOf(refused).toBeFunction()
    })
  })

  it('of a spec come from the stream', () => {
    typed(({ kafka }) => {
      const pairs = kafka('lines', { value: text() }).map(({ value, offset }) => [value, offset])
      const counted = StateSpec.function((key: string, n: number | undefined, sum: State<number>) => {
        sum.update((n ?? 0) + 1)
        return key
      })
      expectTypeOf(pairs.mapWithState(counted)).toEqualTypeOf<MappedStream<string, number, string>>()
      expectTypeOf(
        pairs.mapWithState(StateSpec.function((key, n, sum) => [key, (n ?? 0) + (sum.getOption() ?? 0)])),
      ).toEqualTypeOf<MappedStream<string, number, [string, number]>>()
      expectTypeOf(
        pairs.mapWithState(
          StateSpec.timed((time, key, n, sum) => (n === undefined ? undefined : [key, time + sum.get()])),
        ),
      ).toEqualTypeOf<MappedStream<string, number, [string, number]>>()
      expectTypeOf(
        pairs.mapWithState(StateSpec.timed((_time, key, _n, _sum: State<{ last: number }>) => key, { timeout: '1h' })),
      ).toEqualTypeOf<MappedStream<string, { last: number }, string>>()
    })
  })

  it('of a time in a test may be a text', () => {
    expectTypeOf<TestRecord['timestamp']>().toEqualTypeOf<number | string | undefined>()
  })
})
