// BasicOperationTests of pyspark: joins and state. Spark's batches there are 500 ms.

import { describe } from 'vitest'
import { type Batches, type Pair, table, table2 } from './run.ts'

type Key = string | number
const batch = 500

/** The lists of pyspark's updater, which it changes in place: what came out earlier must not change with them. */
function append(values: readonly number[], state: number[] | undefined): number[] {
  const list = state ?? []
  list.push(...values)
  return list
}

const LEFT: Batches<Pair<string, number>> = [
  [
    ['a', 1],
    ['b', 2],
  ],
]
const RIGHT: Batches<Pair<string, number>> = [
  [
    ['b', 3],
    ['c', 4],
  ],
]

describe('pyspark/streaming/tests/test_dstream.py', () => {
  const groups: Batches<Pair<Key, number>> = [
    [1, 2, 3].map((key) => [key, 1]),
    [1, 1, 1, 2].map((key) => [key, 1]),
    ['a', 'a', 'b', '', ''].map((key) => [key, 1]),
  ]
  const others: Batches<Pair<Key, number>> = [
    [[1, 2]],
    [[4, 1]],
    [
      ['a', 1],
      ['a', 1],
      ['b', 1],
      ['', 1],
      ['', 2],
    ],
  ]
  table2('test_cogroup', {
    batch,
    left: groups,
    right: others,
    of: (left, right) => left.cogroup(right),
    expected: [
      [
        [1, [[1], [2]]],
        [2, [[1], []]],
        [3, [[1], []]],
      ],
      [
        [1, [[1, 1, 1], []]],
        [2, [[1], []]],
        [4, [[], [1]]],
      ],
      [
        [
          'a',
          [
            [1, 1],
            [1, 1],
          ],
        ],
        ['b', [[1], [1]]],
        [
          '',
          [
            [1, 1],
            [1, 2],
          ],
        ],
      ],
    ],
  })

  table2('test_join', {
    batch,
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.join(right),
    expected: [[['b', [2, 3]]]],
  })

  table2('test_left_outer_join', {
    batch,
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.leftOuterJoin(right),
    expected: [
      [
        ['a', [1, undefined]],
        ['b', [2, 3]],
      ],
    ],
  })

  table2('test_right_outer_join', {
    batch,
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.rightOuterJoin(right),
    expected: [
      [
        ['b', [2, 3]],
        ['c', [undefined, 4]],
      ],
    ],
  })

  table2('test_full_outer_join', {
    batch,
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.fullOuterJoin(right),
    expected: [
      [
        ['a', [1, undefined]],
        ['b', [2, 3]],
        ['c', [undefined, 4]],
      ],
    ],
  })

  const five: Batches<Pair<string, number>> = [0, 1, 2, 3, 4].map((i) => [['k', i]])
  table('test_update_state_by_key', {
    batch,
    input: five,
    of: (s) => s.updateStateByKey(append),
    expected: [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]].map((list) => [['k', list]] as const),
  })

  table('test_update_state_by_key_initial_rdd', {
    batch,
    input: five.slice(2),
    of: (s) => s.updateStateByKey(append, { initialState: [['k', [0, 1]]] }),
    expected: [
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4],
    ].map((list) => [['k', list]] as const),
  })
})
