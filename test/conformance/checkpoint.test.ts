// Spark stops and recovers from a checkpoint once, and runs the batch before the stop again. Here every table runs also with
// everything in memory thrown away before every batch, and no batch is run again. Batches are 500 ms, as in the suite.

import { describe } from 'vitest'
import { add, type Batches, one, runningSum, subtract, table, to } from './run.ts'

const TEN: Batches<string> = to(1, 10).map(() => ['a'])

describe('streaming/CheckpointSuite.scala', () => {
  table('recovery with map and reduceByKey operations', {
    batch: 500,
    input: [['a', 'a', 'b'], ['', ''], [], ['a', 'a', 'b'], ['', ''], []],
    of: (s) => s.map(one).reduceByKey(add),
    expected: [
      [
        ['a', 2],
        ['b', 1],
      ],
      [['', 2]],
      [],
      [
        ['a', 2],
        ['b', 1],
      ],
      [['', 2]],
      [],
    ],
  })

  table('recovery with invertible reduceByKeyAndWindow operation', {
    batch: 500,
    input: TEN,
    of: (s) => s.map(one).reduceByKeyAndWindow(add, subtract, 4 * 500, 500),
    expected: [1, 2, 3, 4, 4, 4, 4, 4, 4, 4].map((sum) => [['a', sum]] as const),
  })

  table('recovery with updateStateByKey operation', {
    batch: 500,
    input: TEN,
    of: (s) =>
      s
        .map(one)
        .updateStateByKey(runningSum)
        .map(([key, sum]) => [key, sum] as const),
    expected: to(1, 10).map((sum) => [['a', sum]] as const),
  })

  // Numbers that are files in Spark's test: a window far longer than the run, so that what was read before must be remembered.
  table('recovery with file input stream', {
    batch: 2000,
    input: to(1, 9).map((n) => [n]),
    of: (s) => s.reduceByWindow(add, 30 * 2000, 2000),
    expected: [[1], [3], [6], [10], [15], [21], [28], [36], [45]],
  })

  table('DStream checkpoint invoke times', {
    batch: 500,
    input: [[1], [1], [1]],
    of: (s) => s.map((n) => n + 100),
    expected: [[101], [101], [101]],
  })
})

describe('streaming/FailureSuite.scala, MasterFailureTest.scala', () => {
  table('multiple failures with map', {
    input: to(1, 30).map((n) => [String(n)]),
    of: (s) => s.map(Number),
    expected: to(1, 30).map((n) => [n]),
  })

  table('multiple failures with updateStateByKey', {
    input: to(1, 30).map((n) => [
      to(1, n)
        .map(() => 'a')
        .join(' '),
    ]),
    of: (s) =>
      s
        .flatMap((line) => line.split(' '))
        .map(one)
        .updateStateByKey(runningSum),
    expected: to(1, 30).map((n) => [['a', (n * (n + 1)) / 2]] as const),
  })
})
