import { describe } from 'vitest'
import { add, type Batches, type Pair, subtract, table } from './run.ts'
import { BIG_INPUT, BIG_SUMS, BIG_SUMS_BY_INVERSE, LARGER_SLIDE_INPUT, LARGER_SLIDE_SUMS } from './window-tables.ts'

type Counts = Batches<Pair<string, number>>

interface ReduceTable {
  readonly name: string
  readonly input: Counts
  readonly expected: Counts
  /** What differs with an inverse function: keys stay. */
  readonly byInverse?: Counts
  readonly window?: number
  readonly slide?: number
}

const TABLES: readonly ReduceTable[] = [
  {
    name: 'basic reduction',
    input: [
      [
        ['a', 1],
        ['a', 3],
      ],
    ],
    expected: [[['a', 4]]],
  },
  {
    name: 'key already in window and new value added into window',
    input: [[['a', 1]], [['a', 1]]],
    expected: [[['a', 1]], [['a', 2]]],
  },
  {
    name: 'new key added into window',
    input: [
      [['a', 1]],
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
    expected: [
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
    ],
  },
  {
    name: 'key removed from window',
    input: [[['a', 1]], [['a', 1]], [], []],
    expected: [[['a', 1]], [['a', 2]], [['a', 1]], []],
    byInverse: [[['a', 1]], [['a', 2]], [['a', 1]], [['a', 0]]],
  },
  {
    name: 'larger slide time',
    input: LARGER_SLIDE_INPUT,
    expected: LARGER_SLIDE_SUMS,
    window: 4000,
    slide: 2000,
  },
  { name: 'big test', input: BIG_INPUT, expected: BIG_SUMS, byInverse: BIG_SUMS_BY_INVERSE },
]

describe('streaming/WindowOperationsSuite.scala', () => {
  for (const { name, input, expected, byInverse, window = 2000, slide = 1000 } of TABLES) {
    const batches = expected.length * (slide / 1000)

    table(`reduceByKeyAndWindow - ${name}`, {
      input,
      of: (s) => s.reduceByKeyAndWindow(add, window, slide),
      batches,
      expected,
    })

    table(`reduceByKeyAndWindow with inverse function - ${name}`, {
      input,
      of: (s) => s.reduceByKeyAndWindow(add, subtract, window, slide),
      batches,
      expected: byInverse ?? expected,
    })
  }

  table('reduceByKeyAndWindow with inverse and filter functions - big test', {
    input: BIG_INPUT,
    of: (s) => s.reduceByKeyAndWindow(add, subtract, 2000, 1000, { filter: ([, sum]) => sum !== 0 }),
    expected: BIG_SUMS,
  })
})
