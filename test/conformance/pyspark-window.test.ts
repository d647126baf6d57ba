// WindowFunctionTests of pyspark, with batches of 500 ms; what is refused is in window-errors.test.ts. pyspark collects only what is
// not empty, until it has as many batches as are expected: so many are run here.

import { describe } from 'vitest'
import { add, type Batches, below, one, type Pair, table } from './run.ts'

const batch = 500
/** 0; 0, 1; 0, 1, 2; and so on. */
const FIVE: Batches<number> = [1, 2, 3, 4, 5].map(below)
const SIX: Batches<number> = [...FIVE, below(6)]

/** `[count of 0, count of 1, …]` as pairs. */
function counted(...counts: readonly number[]): Pair<number, number>[] {
  return counts.map((count, value) => [value, count] as const).filter(([, count]) => count > 0)
}

describe('pyspark/streaming/tests/test_dstream.py', () => {
  table('test_window', {
    batch,
    batches: 7,
    input: FIVE,
    of: (s) => s.window(1500, 500).count(),
    expected: [[1], [3], [6], [9], [12], [9], [5]],
    ordered: true,
  })

  table('test_count_by_window', {
    batch,
    batches: 7,
    input: FIVE,
    of: (s) => s.countByWindow(1500, 500),
    expected: [[1], [3], [6], [9], [12], [9], [5]],
    ordered: true,
  })

  table('test_count_by_window_large', {
    batch,
    batches: 10,
    input: SIX,
    of: (s) => s.countByWindow(2500, 500),
    expected: [[1], [3], [6], [10], [15], [20], [18], [15], [11], [6]],
    ordered: true,
  })

  table('test_count_by_value_and_window', {
    batch,
    batches: 10,
    input: SIX,
    of: (s) => s.countByValueAndWindow(2500, 500),
    expected: [
      counted(1),
      counted(2, 1),
      counted(3, 2, 1),
      counted(4, 3, 2, 1),
      counted(5, 4, 3, 2, 1),
      counted(5, 5, 4, 3, 2, 1),
      counted(4, 4, 4, 3, 2, 1),
      counted(3, 3, 3, 3, 2, 1),
      counted(2, 2, 2, 2, 2, 1),
      counted(1, 1, 1, 1, 1, 1),
    ],
  })

  const five: Batches<Pair<string, number>> = below(5).map((i) => [['a', i]])
  table('test_group_by_key_and_window', {
    batch,
    batches: 7,
    input: five,
    of: (s) => s.groupByKeyAndWindow(1500, 500),
    expected: [[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]].map((numbers) => [['a', numbers]] as const),
    ordered: true,
  })

  // Windows of 5 s every second, over batches of half a second.
  table('test_reduce_by_key_and_window_with_none_invFunc', {
    batch,
    batches: 12,
    input: SIX,
    of: (s) =>
      s
        .map(one)
        .reduceByKeyAndWindow(add, 5000, 1000)
        .filter(([, count]) => count > 0)
        .count(),
    expected: [[2], [4], [6], [6], [6], [6]],
    ordered: true,
  })
})
