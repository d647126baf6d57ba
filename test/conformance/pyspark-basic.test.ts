// BasicOperationTests of pyspark, except those of joins and state. Spark's batches there are 500 ms.

import { testStream } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { add, type Batches, below, type Pair, slices, table, table2, to } from './run.ts'

const TWELVE: Batches<number> = [to(1, 4), to(5, 8), to(9, 12)]
type Key = string | number

const MIXED: Batches<Pair<Key, number>> = [
  [1, 2, 3, 4].map((key) => [key, 1]),
  [1, 1, 1, 2, 2, 3].map((key) => [key, 1]),
  ['a', 'a', 'b', '', '', ''].map((key) => [key, 1]),
]
const batch = 500

describe('pyspark/streaming/tests/test_dstream.py', () => {
  table('test_map', {
    batch,
    input: TWELVE,
    of: (s) => s.map(String),
    expected: TWELVE.map((numbers) => numbers.map(String)),
    ordered: true,
  })

  table('test_flatMap', {
    batch,
    input: TWELVE,
    of: (s) => s.flatMap((x) => [x, x * 2]),
    expected: TWELVE.map((numbers) => numbers.flatMap((x) => [x, x * 2])),
    ordered: true,
  })

  table('test_filter', {
    batch,
    input: TWELVE,
    of: (s) => s.filter((x) => x % 2 === 0),
    expected: [
      [2, 4],
      [6, 8],
      [10, 12],
    ],
    ordered: true,
  })

  table('test_count', {
    batch,
    input: [below(5), below(10), below(20)],
    of: (s) => s.count(),
    expected: [[5], [10], [20]],
    ordered: true,
  })

  table('test_reduce', { batch, input: TWELVE, of: (s) => s.reduce(add), expected: [[10], [26], [42]], ordered: true })

  const REPEATED: Batches<Pair<Key, number>> = [
    ['a', 'a', 'b', 'b'].map((key) => [key, 1]),
    ['', '', '', ''].map((key) => [key, 1]),
    [1, 1, 2, 2, 3].map((key) => [key, 1]),
  ]
  table('test_reduceByKey', {
    batch,
    input: REPEATED,
    of: (s) => s.reduceByKey(add),
    expected: [
      [
        ['a', 2],
        ['b', 2],
      ],
      [['', 4]],
      [
        [1, 2],
        [2, 2],
        [3, 1],
      ],
    ],
  })

  const LETTERS: readonly Pair<Key, number>[] = [
    ['a', 2],
    ['b', 2],
    ['c', 1],
    ['d', 1],
  ]
  const VALUES: Batches<Pair<Key, number>> = [
    LETTERS,
    [
      [0, 4],
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    [1, 2, 3, 4].map((key) => [key, 1]),
  ]
  table('test_mapValues', {
    batch,
    input: VALUES,
    of: (s) => s.mapValues((x) => x + 10),
    expected: VALUES.map((pairs) => pairs.map(([key, x]) => [key, x + 10] as const)),
  })

  const FLAT: Batches<Pair<Key, number>> = [
    LETTERS,
    [
      [0, 4],
      [1, 1],
      [2, 1],
      [3, 1],
    ],
    [1, 2, 3, 4].map((key) => [key, 1]),
  ]
  table('test_flatMapValues', {
    batch,
    input: FLAT,
    of: (s) => s.flatMapValues((x) => [x, x + 10]),
    expected: FLAT.map((pairs) =>
      pairs.flatMap(([key, x]): [Key, number][] => [
        [key, x],
        [key, x + 10],
      ]),
    ),
    ordered: true,
  })

  // pyspark's tables of glom and mapPartitions have 2 partitions.
  table('test_glom', {
    batch,
    input: TWELVE,
    of: (s) => s.glom(),
    partitions: [1, 2, 3],
    expected: (partitions) => TWELVE.map((numbers) => slices(numbers, partitions)),
    ordered: true,
  })

  table('test_mapPartitions', {
    batch,
    input: TWELVE,
    of: (s) =>
      s.mapPartitions(function* (numbers) {
        yield [...numbers].reduce(add, 0)
      }),
    partitions: [1, 2, 3],
    expected: (partitions) => TWELVE.map((numbers) => slices(numbers, partitions).map((slice) => slice.reduce(add, 0))),
    ordered: true,
  })

  const VALUES_TO_COUNT: Batches<Key> = [
    [...to(1, 4), ...to(1, 4)],
    [5, 6, 5, 6, 7, 8],
    ['a', 'a', 'b', ''],
  ]
  table('test_countByValue', {
    batch,
    input: VALUES_TO_COUNT,
    of: (s) => s.countByValue(),
    expected: [
      [
        [1, 2],
        [2, 2],
        [3, 2],
        [4, 2],
      ],
      [
        [5, 2],
        [6, 2],
        [7, 1],
        [8, 1],
      ],
      [
        ['a', 2],
        ['b', 1],
        ['', 1],
      ],
    ],
  })

  table('test_groupByKey', {
    batch,
    input: MIXED,
    of: (s) => s.groupByKey(),
    expected: [
      [1, 2, 3, 4].map((key) => [key, [1]] as const),
      [
        [1, [1, 1, 1]],
        [2, [1, 1]],
        [3, [1]],
      ],
      [
        ['a', [1, 1]],
        ['b', [1]],
        ['', [1, 1, 1]],
      ],
    ],
  })

  table('test_combineByKey', {
    batch,
    input: MIXED,
    of: (s) =>
      s.combineByKey(
        String,
        (text, x) => text + String(x),
        (a, b) => a + b,
      ),
    expected: [
      [1, 2, 3, 4].map((key) => [key, '1'] as const),
      [
        [1, '111'],
        [2, '11'],
        [3, '1'],
      ],
      [
        ['a', '11'],
        ['b', '1'],
        ['', '111'],
      ],
    ],
  })

  table('test_repartition', {
    batch,
    input: [to(1, 4), to(5, 8)],
    of: (s) => s.repartition(1).glom(),
    partitions: [2, 1, 3],
    expected: [[to(1, 4)], [to(5, 8)]],
    ordered: true,
  })

  table2('test_union', {
    batch,
    left: [below(3), below(5), below(6)],
    right: [to(3, 5), [5]],
    of: (left, right) => left.union(right),
    expected: [below(6), below(6), below(6)],
    ordered: true,
  })

  test('test_failed_func', async () => {
    const run = testStream({ batch, inputs: [[[0], [1], [2], [3]]] }, (s) =>
      s.map((): number => {
        throw new Error('This is a special error')
      }),
    )
    const error: unknown = await run.catch((thrown: unknown) => thrown)
    expect(causes(error).join('\n')).toContain('This is a special error')
  })
})

/** The messages of an error and of what caused it. */
function causes(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...causes(error.cause)] : []
}
