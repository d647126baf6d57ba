import { describe } from 'vitest'
import { add, type Batches, one, type Pair, runningSum, table } from './run.ts'

const INPUT: Batches<string> = [['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b'], ['a'], []]

/** INPUT on top of a = 1 and c = 2. */
const ON_INITIAL: Batches<Pair<string, number>> = [
  [
    ['a', 2],
    ['c', 2],
  ],
  [
    ['a', 3],
    ['b', 1],
    ['c', 2],
  ],
  [
    ['a', 4],
    ['b', 2],
    ['c', 3],
  ],
  [
    ['a', 5],
    ['b', 3],
    ['c', 3],
  ],
  [
    ['a', 6],
    ['b', 3],
    ['c', 3],
  ],
  [
    ['a', 6],
    ['b', 3],
    ['c', 3],
  ],
]
const INITIAL: readonly Pair<string, number>[] = [
  ['a', 1],
  ['c', 2],
]

describe('streaming/BasicOperationsSuite.scala', () => {
  table('updateStateByKey', {
    input: INPUT,
    of: (s) => s.map(one).updateStateByKey(runningSum),
    expected: [
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ],
      [
        ['a', 4],
        ['b', 3],
        ['c', 1],
      ],
      [
        ['a', 5],
        ['b', 3],
        ['c', 1],
      ],
      [
        ['a', 5],
        ['b', 3],
        ['c', 1],
      ],
    ],
  })

  table('updateStateByKey - simple with initial value RDD', {
    input: INPUT,
    of: (s) => s.map(one).updateStateByKey(runningSum, { numPartitions: 2, initialState: INITIAL }),
    expected: ON_INITIAL,
  })

  // The shape (time, key, values, state). The state is the sum of the times of the batches that had the key.
  table('updateStateByKey - testing time stamps as input', {
    input: INPUT,
    of: (s) =>
      s
        .map(one)
        .updateStateByKey(
          (time: number, _key: string, values: readonly number[], state: number | undefined) =>
            values.length > 0 ? time + (state ?? 0) : (state ?? 0),
          {
            numPartitions: 2,
            initialState: [
              ['a', 0],
              ['c', 0],
            ],
          },
        ),
    expected: [
      [
        ['a', 1000],
        ['c', 0],
      ],
      [
        ['a', 3000],
        ['b', 2000],
        ['c', 0],
      ],
      [
        ['a', 6000],
        ['b', 5000],
        ['c', 3000],
      ],
      [
        ['a', 10_000],
        ['b', 9000],
        ['c', 3000],
      ],
      [
        ['a', 15_000],
        ['b', 9000],
        ['c', 3000],
      ],
      [
        ['a', 15_000],
        ['b', 9000],
        ['c', 3000],
      ],
    ],
  })

  // The shape that gets all keys of a partition at once and gives back those that stay.
  table('updateStateByKey - with initial value RDD', {
    input: INPUT,
    of: (s) =>
      s.map(one).updateStateByKey(
        function* (groups: Iterable<readonly [string, readonly number[], number | undefined]>) {
          for (const [key, values, state] of groups) yield [key, runningSum(values, state)] as const
        },
        { numPartitions: 2, initialState: INITIAL },
      ),
    expected: ON_INITIAL,
  })

  // A state that the function changes in place, and drops when its key was absent twice in a row. Where Spark's input has no
  // RDD at all (null), the batch is empty here.
  table('updateStateByKey - object lifecycle', {
    input: [['a', 'b'], [], ['a', 'c', 'a'], ['c'], [], []],
    of: (s) =>
      s
        .map(one)
        .updateStateByKey((values: readonly number[], state: { counter: number; absent: number } | undefined) => {
          const object = state ?? { counter: 0, absent: 0 }
          const sum = values.reduce(add, 0)
          object.counter += sum
          object.absent = sum === 0 ? object.absent + 1 : 0
          return object.absent === 2 ? undefined : object
        })
        .mapValues(({ counter }) => counter),
    expected: [
      [
        ['a', 1],
        ['b', 1],
      ],
      [
        ['a', 1],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['c', 1],
      ],
      [
        ['a', 3],
        ['c', 2],
      ],
      [['c', 2]],
      [],
    ],
  })

  // Spark's two cleanup tests look at which RDDs are kept. What can be seen from outside is what comes out, computed here
  // from the definitions.
  const CLEANUP: Batches<number> = Array.from({ length: 10 }, (_, i) => [i, i + 1])
  const tenths: Batches<Pair<number, number>> = CLEANUP.map((batch) => batch.map((n) => [n % 10, 1]))

  table('rdd cleanup - map and window', {
    input: CLEANUP,
    of: (s) =>
      s
        .map((n): [number, number] => [n % 10, 1])
        .window(2000, 1000)
        .window(4000, 2000),
    expected: [2, 4, 6, 8, 10].map((outer) =>
      [outer - 3, outer - 2, outer - 1, outer]
        .flatMap((inner) => (inner < 1 ? [] : [inner - 1, inner]))
        .flatMap((batch) => tenths[batch - 1] ?? []),
    ),
  })

  table('rdd cleanup - updateStateByKey', {
    input: CLEANUP,
    of: (s) => s.map(one).updateStateByKey(runningSum),
    expected: CLEANUP.map((_, last) => {
      const seen = CLEANUP.slice(0, last + 1).flat()
      return [...new Set(seen)].map((n) => [n, seen.filter((m) => m === n).length] as const)
    }),
  })
})
