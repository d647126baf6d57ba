// What a user writes without `as const` and without annotations, through a whole chain. Checked by `npm run types`, and run to be counted.

import { describe, expectTypeOf, it } from 'vitest'
import {
  type Batch,
  type DStream,
  type JobContext,
  job,
  type State,
  StateSpec,
  text,
  transform,
} from '../../src/index.ts'

function typed(look: (words: DStream<string>, context: JobContext) => void): void {
  job('typed', { batch: 1000 }, (context) => {
    const lines = context.kafka('lines', { value: text() })
    look(
      lines.map(({ value }) => value),
      context,
    )
    lines.print()
  })
}

type Counts = DStream<[string, number]>

describe('pairs need no `as const`', () => {
  it('whichever function makes them', () => {
    typed((words) => {
      expectTypeOf(words.map((word) => [word, 1])).toEqualTypeOf<Counts>()
      expectTypeOf(words.flatMap((word) => [[word, 1]])).toEqualTypeOf<Counts>()
      expectTypeOf(words.flatMap((line) => line.split(' ').map((word) => [word, 1]))).toExtend<
        DStream<(string | number)[]>
      >()
      expectTypeOf(words.mapAsync(async (word) => [word, 1])).toEqualTypeOf<Counts>()
      expectTypeOf(
        words.mapPartitions(function* (some) {
          for (const word of some) yield [word, 1]
        }),
      ).toEqualTypeOf<Counts>()
      expectTypeOf(words.transform((batch) => batch.map((word) => [word, 1]))).toEqualTypeOf<Counts>()
      expectTypeOf(words.transform((batch) => [[batch.first(), batch.count()]])).toEqualTypeOf<Counts>()
      expectTypeOf(words.transform(async (batch) => batch.map((word) => [word, 1]))).toEqualTypeOf<Counts>()
      expectTypeOf(
        words.transformWith(words, (a, b) => a.zip(b).map(([x, y]) => [x, y.length])),
      ).toEqualTypeOf<Counts>()
      expectTypeOf(transform([words, words], ([a, b]) => a.union(b).map((word) => [word, 1]))).toEqualTypeOf<Counts>()
    })
  })

  it('and stay pairs by what follows', () => {
    typed((words) => {
      const ones = words.map((word) => [word, 1])
      expectTypeOf(ones.filter(([, n]) => n > 0)).toEqualTypeOf<Counts>()
      expectTypeOf(ones.map(([word, n]) => [n, word])).toEqualTypeOf<DStream<[number, string]>>()
      expectTypeOf(ones.mapValues((n) => [n, 1]).reduceByKey(([a, m], [b, n]) => [a + b, m + n])).toEqualTypeOf<
        DStream<[string, [number, number]]>
      >()
      expectTypeOf(ones.mapValues((n) => [n]).reduceByKey((a, b) => [...a, ...b])).toEqualTypeOf<
        DStream<[string, number[]]>
      >()
      expectTypeOf(ones.window('10s').reduceByKey((a, b) => a + b)).toEqualTypeOf<Counts>()
      expectTypeOf(
        ones.reduceByKeyAndWindow(
          (a, b) => a + b,
          (a, b) => a - b,
          '10s',
          '5s',
        ),
      ).toEqualTypeOf<Counts>()
      expectTypeOf(ones.groupByKeyAndWindow('10s').mapValues((all) => all.length)).toEqualTypeOf<Counts>()
      expectTypeOf(ones.cogroup(words.map((word) => [word, word.length > 3]))).toEqualTypeOf<
        DStream<[string, [number[], boolean[]]]>
      >()
      expectTypeOf(ones.leftOuterJoin(words.map((word) => [word, word]))).toEqualTypeOf<
        DStream<[string, [number, string | undefined]]>
      >()
      expectTypeOf(ones.union(words.map((word) => [word, 2]))).toEqualTypeOf<Counts>()
      expectTypeOf(ones.topByKey(3).mapValues((best) => best[0])).toEqualTypeOf<DStream<[string, number | undefined]>>()
      ones.foreachRDD((batch) => {
        expectTypeOf(batch).toEqualTypeOf<Batch<[string, number]>>()
        expectTypeOf(batch.reduceByKey((a, b) => a + b).collectAsMap()).toEqualTypeOf<Map<string, number>>()
        expectTypeOf(
          batch
            .map(([word, n]) => [n, word])
            .sortByKey()
            .first(),
        ).toEqualTypeOf<readonly [number, string]>()
        expectTypeOf(batch.flatMap(([word, n]) => [[word, n]]).countByKey()).toEqualTypeOf<Map<string, number>>()
      })
    })
  })

  it('while objects, lists and single values are what they are', () => {
    typed((words) => {
      expectTypeOf(words.map((word) => ({ word, n: 1 }))).toEqualTypeOf<DStream<{ word: string; n: number }>>()
      expectTypeOf(words.map((word) => word.split(' '))).toEqualTypeOf<DStream<string[]>>()
      expectTypeOf(words.map(() => 1)).toEqualTypeOf<DStream<number>>()
      expectTypeOf(words.map((word): 'long' | 'short' => (word.length > 3 ? 'long' : 'short'))).toEqualTypeOf<
        DStream<'long' | 'short'>
      >()
      expectTypeOf(words.map((word) => [word, 1] as const)).toEqualTypeOf<DStream<readonly [string, 1]>>()
      expectTypeOf(words.map((word) => [word]).reduce((a, b) => a.concat(b))).toEqualTypeOf<DStream<string[]>>()
    })
  })
})

describe('state is inferred', () => {
  it('from what the function says of it, or from initial state, or as what its values are', () => {
    typed((words) => {
      const ones = words.map((word) => [word, 1])
      expectTypeOf(
        ones.updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0)),
      ).toEqualTypeOf<Counts>()
      expectTypeOf(
        ones.updateStateByKey((values, all: number[] | undefined) => [...(all ?? []), ...values]),
      ).toEqualTypeOf<DStream<[string, number[]]>>()
      expectTypeOf(
        ones.updateStateByKey((values, text) => `${text}${values.length}`, { initialState: [['a', '']] }),
      ).toEqualTypeOf<DStream<[string, string]>>()
      const literal = words.map((word) => [word, 1] as const)
      expectTypeOf(literal.updateStateByKey((values, sum) => values.length + (sum ?? 0))).toEqualTypeOf<Counts>()
      // @ts-expect-error: asynchronous
      ones.updateStateByKey(async (values, sum) => values.length + (sum ?? 0))
    })
  })

  it('of a spec as well, with key and value from the stream', () => {
    typed((words) => {
      const ones = words.map((word) => [word, 1])
      const running = ones.mapWithState(
        StateSpec.function((word, one, sum) => {
          sum.update((sum.getOption() ?? 0) + (one ?? 0))
          return [word.toUpperCase(), sum.get()]
        }),
      )
      expectTypeOf(running).toExtend<Counts>()
      expectTypeOf(running.stateSnapshots()).toEqualTypeOf<Counts>()
      const flagged = ones.mapWithState(
        StateSpec.function((word, one, seen: State<boolean>) => {
          seen.update(one !== undefined)
          return word
        }),
      )
      expectTypeOf(flagged).toExtend<DStream<string>>()
      expectTypeOf(flagged.stateSnapshots()).toEqualTypeOf<DStream<[string, boolean]>>()
    })
  })
})

it('combineByKey widens literals, and makes tuples', () => {
  typed((words) => {
    const averages = words
      .map((word) => [word, word.length])
      .combineByKey(
        (n) => [n, 1],
        ([sum, count], n) => [sum + n, count + 1],
        ([a, m], [b, n]) => [a + b, m + n],
      )
    expectTypeOf(averages).toEqualTypeOf<DStream<[string, [number, number]]>>()
    const literal = words.map((word) => [word, 1] as const)
    expectTypeOf(
      literal.combineByKey(
        (one) => one,
        (sum, one) => sum + one,
        (a, b) => a + b,
      ),
    ).toEqualTypeOf<Counts>()
    words.transform((batch) => {
      const ones = batch.map((word) => [word, 1] as const)
      const combined = ones.combineByKey(
        (one) => one,
        (sum, one) => sum + one,
        (a, b) => a + b,
      )
      expectTypeOf(combined).toEqualTypeOf<Batch<[string, number]>>()
      return combined
    })
  })
})

it('streams of some type are streams of a wider one, also where the type is a parameter', () => {
  const lengths = <A extends string>(stream: DStream<A>): DStream<number> => stream.map((word) => word.length)
  const count = (stream: DStream<unknown>): DStream<number> => stream.count()
  const counted = <A>(stream: DStream<A>): DStream<number> => count(stream)
  const sums = <K>(pairs: DStream<[K, number]>): DStream<[K, number]> => pairs.reduceByKey((a, b) => a + b)
  typed((words) => {
    expectTypeOf(lengths(words)).toEqualTypeOf<DStream<number>>()
    expectTypeOf(counted(words)).toEqualTypeOf<DStream<number>>()
    expectTypeOf(sums(words.map((word) => [word, 1]))).toEqualTypeOf<Counts>()
    // @ts-expect-error: not of a narrower one
    words.map((word): string | number => word).union(words) satisfies DStream<string>
  })
})

it('a duration is a number or a text with a unit', () => {
  typed((words) => {
    words.window('10s')
    words.window(10_000)
    words.window('1.5m', '30s')
    const impossible = () => {
      // @ts-expect-error: no unit
      words.window('10')
      // @ts-expect-error: no such unit
      words.window('10 minutes')
    }
    expectTypeOf(impossible).toBeFunction()
  })
})
