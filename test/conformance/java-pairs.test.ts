// Tables of JavaAPISuite that the Scala suite lacks, of streams of pairs.

import { describe } from 'vitest'
import { add, type Batches, type Pair, runningSum, subtract, table, table2 } from './run.ts'

/** Two batches of `[california 1, california 2, new york 1, new york 2]`. */
function cities<V>(first: readonly [V, V, V, V], second: readonly [V, V, V, V]): Batches<Pair<string, V>> {
  return [first, second].map(([a, b, c, d]) => [
    ['california', a],
    ['california', b],
    ['new york', c],
    ['new york', d],
  ])
}

/** One batch with one value for each of the two. */
function each<V>(california: V, newYork: V): Pair<string, V>[] {
  return [
    ['california', california],
    ['new york', newYork],
  ]
}

const TEAMS = cities<string>(['dodgers', 'giants', 'yankees', 'mets'], ['sharks', 'ducks', 'rangers', 'islanders'])
const NUMBERS = cities<number>([1, 3, 4, 1], [5, 5, 3, 1])
const LEFT: Batches<Pair<string, string>> = [each('dodgers', 'yankees'), each('sharks', 'rangers')]
const RIGHT: Batches<Pair<string, string>> = [each('giants', 'mets'), each('ducks', 'islanders')]
const WORDS: Batches<string> = [['hello', 'world'], ['hello', 'moon'], ['hello']]

describe('streaming/JavaAPISuite.java', () => {
  table('testPairMap', {
    input: NUMBERS,
    of: (s) => s.map(([city, n]): Pair<number, string> => [n, city]),
    expected: NUMBERS.map((pairs) => pairs.map(([city, n]) => [n, city] as const)),
    ordered: true,
  })

  table('testPairMapPartitions', {
    input: NUMBERS,
    of: (s) => s.mapPartitions((pairs) => Array.from(pairs, ([city, n]): Pair<number, string> => [n, city])),
    expected: NUMBERS.map((pairs) => pairs.map(([city, n]) => [n, city] as const)),
    ordered: true,
  })

  table('testPairMap2', {
    input: NUMBERS,
    of: (s) => s.map(([, n]) => n),
    expected: [
      [1, 3, 4, 1],
      [5, 5, 3, 1],
    ],
    ordered: true,
  })

  // The values of a key keep the order of the stream.
  table('testPairGroupByKey', {
    input: TEAMS,
    of: (s) => s.groupByKey(),
    expected: [each(['dodgers', 'giants'], ['yankees', 'mets']), each(['sharks', 'ducks'], ['rangers', 'islanders'])],
  })

  table('testPairReduceByKey', {
    input: NUMBERS,
    of: (s) => s.reduceByKey(add),
    expected: [each(4, 5), each(10, 4)],
  })

  table('testCombineByKey', {
    input: NUMBERS,
    of: (s) => s.combineByKey((n) => n, add, add, { numPartitions: 2 }),
    expected: [each(4, 5), each(10, 4)],
  })

  table('testCountByValue', {
    input: WORDS,
    of: (s) => s.countByValue(),
    expected: [
      [
        ['hello', 1],
        ['world', 1],
      ],
      [
        ['hello', 1],
        ['moon', 1],
      ],
      [['hello', 1]],
    ],
  })

  // Spark compares the values as sets; as sorted lists they say more.
  table('testGroupByKeyAndWindow', {
    input: NUMBERS,
    of: (s) => s.groupByKeyAndWindow(2000, 1000).mapValues((numbers) => numbers.toSorted((a, b) => a - b)),
    batches: 3,
    expected: [each([1, 3], [1, 4]), each([1, 3, 5, 5], [1, 1, 3, 4]), each([5, 5], [1, 3])],
  })

  table('testReduceByKeyAndWindow', {
    input: NUMBERS,
    of: (s) => s.reduceByKeyAndWindow(add, 2000, 1000),
    batches: 3,
    expected: [each(4, 5), each(14, 9), each(10, 4)],
  })

  table('testReduceByKeyAndWindowWithInverse', {
    input: NUMBERS,
    of: (s) => s.reduceByKeyAndWindow(add, subtract, 2000, 1000),
    batches: 3,
    expected: [each(4, 5), each(14, 9), each(10, 4)],
  })

  table('testUpdateStateByKey', {
    input: NUMBERS,
    of: (s) => s.updateStateByKey(runningSum),
    batches: 3,
    expected: [each(4, 5), each(14, 9), each(14, 9)],
  })

  table('testUpdateStateByKeyWithInitial', {
    input: NUMBERS,
    of: (s) => s.updateStateByKey(runningSum, { numPartitions: 1, initialState: each(1, 2) }),
    batches: 3,
    expected: [each(5, 7), each(15, 11), each(15, 11)],
  })

  table('testCountByValueAndWindow', {
    input: WORDS,
    of: (s) => s.countByValueAndWindow(2000, 1000),
    expected: [
      [
        ['hello', 1],
        ['world', 1],
      ],
      [
        ['hello', 2],
        ['world', 1],
        ['moon', 1],
      ],
      [
        ['hello', 2],
        ['moon', 1],
      ],
    ],
  })

  table('testMapValues', {
    input: TEAMS,
    of: (s) => s.mapValues((team) => team.toUpperCase()),
    expected: cities<string>(['DODGERS', 'GIANTS', 'YANKEES', 'METS'], ['SHARKS', 'DUCKS', 'RANGERS', 'ISLANDERS']),
    ordered: true,
  })

  table('testFlatMapValues', {
    input: TEAMS,
    of: (s) => s.flatMapValues((team) => [`${team}1`, `${team}2`]),
    expected: TEAMS.map((pairs) =>
      pairs.flatMap(([city, team]): [string, string][] => [
        [city, `${team}1`],
        [city, `${team}2`],
      ]),
    ),
    ordered: true,
  })

  table2('testCoGroup', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.cogroup(right),
    expected: [
      each<[string[], string[]]>([['dodgers'], ['giants']], [['yankees'], ['mets']]),
      each<[string[], string[]]>([['sharks'], ['ducks']], [['rangers'], ['islanders']]),
    ],
  })

  table2('testJoin', {
    left: LEFT,
    right: RIGHT,
    of: (left, right) => left.join(right),
    expected: [
      each<[string, string]>(['dodgers', 'giants'], ['yankees', 'mets']),
      each<[string, string]>(['sharks', 'ducks'], ['rangers', 'islanders']),
    ],
  })

  const dodgers: Batches<Pair<string, string>> = [each('dodgers', 'yankees'), [['california', 'sharks']]]
  const giants: Batches<Pair<string, string>> = [[['california', 'giants']], [['new york', 'islanders']]]
  table2('testLeftOuterJoin', {
    left: dodgers,
    right: giants,
    of: (left, right) => left.leftOuterJoin(right).count(),
    expected: [[2], [1]],
    ordered: true,
  })
})
