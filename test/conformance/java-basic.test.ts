// Tables of JavaAPISuite that the Scala suite lacks, of streams without keys. One partition in Spark's suite, where not said.

import { testStream } from 'millrace/testing'
import { describe, expect } from 'vitest'
import { add, type Batches, everyMode, options, type Pair, slices, subtract, table, table2, to } from './run.ts'

const NINE: Batches<number> = [to(1, 3), to(4, 6), to(7, 9)]
const TEAMS: Batches<string> = [
  ['giants', 'dodgers'],
  ['yankees', 'red sox'],
]

describe('streaming/JavaAPISuite.java', () => {
  table('testCount', { input: [[1, 2, 3, 4], [3, 4, 5], [3]], of: (s) => s.count(), expected: [[4], [3], [1]] })

  table('testMap', {
    input: [
      ['hello', 'world'],
      ['goodnight', 'moon'],
    ],
    of: (s) => s.map((word) => word.length),
    expected: [
      [5, 5],
      [9, 4],
    ],
  })

  // Without a slide the window slides with every batch.
  table('testWindow', {
    input: NINE,
    of: (s) => s.window(2000),
    batches: 4,
    expected: [to(1, 3), to(1, 6), to(4, 9), to(7, 9)],
  })

  table('testWindowWithSlideDuration', {
    input: [to(1, 3), to(4, 6), to(7, 9), to(10, 12), to(13, 15), to(16, 18)],
    of: (s) => s.window(4000, 2000),
    batches: 8,
    expected: [to(1, 6), to(1, 12), to(7, 18), to(13, 18)],
  })

  table('testFilter', {
    input: TEAMS,
    of: (s) => s.filter((team) => team.includes('a')),
    expected: [['giants'], ['yankees']],
  })

  repartitionTable('testRepartitionMorePartitions', { from: 2, into: 4 })
  repartitionTable('testRepartitionFewerPartitions', { from: 4, into: 2 })

  function repartitionTable(name: string, { from, into }: { from: number; into: number }): void {
    const input: Batches<number> = [to(1, 10), to(1, 10)]
    everyMode(name, [from, 1, 3], async (mode) => {
      const batches = await testStream(options({}, mode, [input]), (s) => s.repartition(into).glom())
      expect(batches.map((parts) => parts.length)).toEqual([into, into])
      expect(batches.map((parts) => parts.flat().sort((a, b) => a - b))).toEqual(input)
    })
  }

  // With two elements, a third partition would have nothing to group.
  table('testGlom', {
    input: TEAMS,
    of: (s) => s.glom(),
    partitions: [1, 2],
    expected: (partitions) => TEAMS.map((teams) => slices(teams, partitions)),
    ordered: true,
  })

  table('testMapPartitions', {
    input: TEAMS,
    of: (s) => s.mapPartitions((teams) => [[...teams].join('').toUpperCase()]),
    partitions: [1, 2],
    expected: (partitions) =>
      TEAMS.map((teams) => slices(teams, partitions).map((part) => part.join('').toUpperCase())),
    ordered: true,
  })

  table('testReduce', { input: NINE, of: (s) => s.reduce(add), expected: [[6], [15], [24]], ordered: true })

  table('testReduceByWindowWithInverse', {
    input: NINE,
    of: (s) => s.reduceByWindow(add, subtract, 2000, 1000),
    batches: 4,
    expected: [[6], [21], [39], [24]],
    ordered: true,
  })

  table('testReduceByWindowWithoutInverse', {
    input: NINE,
    of: (s) => s.reduceByWindow(add, 2000, 1000),
    batches: 4,
    expected: [[6], [21], [39], [24]],
    ordered: true,
  })

  table('testFlatMap', {
    input: [['go', 'giants'], ['boo', 'dodgers'], ['athletics']],
    of: (s) => s.flatMap((word) => word.split('')),
    expected: [[...'gogiants'], [...'boododgers'], [...'athletics']],
  })

  table2('testUnion', {
    left: [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    right: [
      [4, 4],
      [5, 5],
      [6, 6],
    ],
    of: (left, right) => left.union(right),
    expected: [
      [1, 1, 4, 4],
      [2, 2, 5, 5],
      [3, 3, 6, 6],
    ],
  })

  table('testPairFlatMap', {
    input: [['giants'], ['dodgers'], ['athletics']],
    of: (s) => s.flatMap((word) => Array.from(word, (letter): Pair<number, string> => [word.length, letter])),
    expected: ['giants', 'dodgers', 'athletics'].map((word) =>
      Array.from(word, (letter) => [word.length, letter] as const),
    ),
    ordered: true,
  })

  table('testPairFilter', {
    input: TEAMS,
    of: (s) => s.map((team): Pair<string, number> => [team, team.length]).filter(([team]) => team.includes('a')),
    expected: [[['giants', 6]], [['yankees', 7]]],
    ordered: true,
  })

  const HI: readonly Pair<string, number>[] = [
    ['hi', 1],
    ['ho', 2],
  ]
  const LETTERS: readonly Pair<number, string>[] = [
    [1, 'h'],
    [1, 'i'],
    [2, 'h'],
    [2, 'o'],
  ]
  table('testPairToPairFlatMapWithChangingTypes', {
    input: [HI, HI],
    of: (s) => s.flatMap(([word, n]) => Array.from(word, (letter): Pair<number, string> => [n, letter])),
    expected: [LETTERS, LETTERS],
    ordered: true,
  })
})
