import { describe } from 'vitest'
import { type Batches, type Pair, table } from './run.ts'
import { BIG_GROUPS, BIG_INPUT } from './window-tables.ts'

/** One number per batch, 0 to 5. */
const SIX: Batches<number> = [[0], [1], [2], [3], [4], [5]]

describe('streaming/WindowOperationsSuite.scala', () => {
  windowTable('basic window', SIX, [[0], [0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])

  windowTable(
    'tumbling window',
    SIX,
    [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
    2000,
    2000,
  )

  windowTable(
    'larger window',
    SIX,
    [
      [0, 1],
      [0, 1, 2, 3],
      [2, 3, 4, 5],
      [4, 5],
    ],
    4000,
    2000,
  )

  windowTable(
    'non-overlapping window',
    SIX,
    [
      [1, 2],
      [4, 5],
    ],
    2000,
    3000,
  )

  table('groupByKeyAndWindow', {
    input: BIG_INPUT,
    of: (s) => s.groupByKeyAndWindow(2000, 1000),
    expected: BIG_GROUPS,
  })

  table('countByWindow', {
    input: [[1], [1], [1, 2], [0], [], []],
    of: (s) => s.countByWindow(2000, 1000),
    expected: [[1], [2], [3], [3], [1], [0]],
  })

  const COUNTS: Batches<Pair<string, number>> = [
    [['a', 1]],
    [
      ['a', 1],
      ['b', 2],
    ],
    [
      ['a', 1],
      ['b', 3],
    ],
  ]
  table('countByValueAndWindow', {
    input: [['a'], ['b', 'b'], ['a', 'b']],
    of: (s) => s.countByValueAndWindow(2000, 1000),
    expected: COUNTS,
  })
})

/** As many batches are run as there are windows expected, whatever the slide. */
function windowTable(
  name: string,
  input: Batches<number>,
  expected: Batches<number>,
  window = 2000,
  slide = 1000,
): void {
  table(`window - ${name}`, {
    input,
    of: (s) => s.window(window, slide),
    batches: expected.length * (slide / 1000),
    expected,
  })
}
