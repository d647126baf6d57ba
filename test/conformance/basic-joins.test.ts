import { describe } from 'vitest'
import { type Batches, one, table2 } from './run.ts'

/** `(word, 'x')`: the right side of Spark's tables. */
function x(word: string): [string, string] {
  return [word, 'x']
}

const LEFT: Batches<string> = [['a', 'b'], ['a', ''], [''], []]
const RIGHT: Batches<string> = [['a', 'b'], ['b', ''], [], ['']]

describe('streaming/BasicOperationsSuite.scala', () => {
  table2('cogroup', {
    left: [['a', 'a', 'b'], ['a', ''], [''], []],
    right: [['a', 'a', 'b'], ['b', ''], [], []],
    of: (left, right) => left.map(one).cogroup(right.map(x)),
    expected: [
      [
        [
          'a',
          [
            [1, 1],
            ['x', 'x'],
          ],
        ],
        ['b', [[1], ['x']]],
      ],
      [
        ['a', [[1], []]],
        ['b', [[], ['x']]],
        ['', [[1], ['x']]],
      ],
      [['', [[1], []]]],
      [],
    ],
  })

  table2('join', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.map(one).join(right.map(x)),
    expected: [
      [
        ['a', [1, 'x']],
        ['b', [1, 'x']],
      ],
      [['', [1, 'x']]],
      [],
      [],
    ],
  })

  table2('leftOuterJoin', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.map(one).leftOuterJoin(right.map(x)),
    expected: [
      [
        ['a', [1, 'x']],
        ['b', [1, 'x']],
      ],
      [
        ['', [1, 'x']],
        ['a', [1, undefined]],
      ],
      [['', [1, undefined]]],
      [],
    ],
  })

  table2('rightOuterJoin', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.map(one).rightOuterJoin(right.map(x)),
    expected: [
      [
        ['a', [1, 'x']],
        ['b', [1, 'x']],
      ],
      [
        ['', [1, 'x']],
        ['b', [undefined, 'x']],
      ],
      [],
      [['', [undefined, 'x']]],
    ],
  })

  table2('fullOuterJoin', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.map(one).fullOuterJoin(right.map(x)),
    expected: [
      [
        ['a', [1, 'x']],
        ['b', [1, 'x']],
      ],
      [
        ['', [1, 'x']],
        ['a', [1, undefined]],
        ['b', [undefined, 'x']],
      ],
      [['', [1, undefined]]],
      [['', [undefined, 'x']]],
    ],
  })
})
