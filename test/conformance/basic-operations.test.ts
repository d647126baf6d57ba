import { testStream } from 'millrace/testing'
import { describe, expect } from 'vitest'
import { add, type Batches, everyMode, one, options, slices, table, to } from './run.ts'

/** Three batches of four numbers. */
const TWELVE: Batches<number> = [to(1, 4), to(5, 8), to(9, 12)]
const WORDS: Batches<string> = [['a', 'a', 'b'], ['', ''], []]

describe('streaming/BasicOperationsSuite.scala', () => {
  table('map', {
    input: TWELVE,
    of: (s) => s.map(String),
    expected: [
      ['1', '2', '3', '4'],
      ['5', '6', '7', '8'],
      ['9', '10', '11', '12'],
    ],
    ordered: true,
  })

  table('flatMap', {
    input: TWELVE,
    of: (s) => s.flatMap((x) => [x, x * 2]),
    expected: [
      [1, 2, 2, 4, 3, 6, 4, 8],
      [5, 10, 6, 12, 7, 14, 8, 16],
      [9, 18, 10, 20, 11, 22, 12, 24],
    ],
    ordered: true,
  })

  table('filter', {
    input: TWELVE,
    of: (s) => s.filter((x) => x % 2 === 0),
    expected: [
      [2, 4],
      [6, 8],
      [10, 12],
    ],
    ordered: true,
  })

  // Spark's table has 2 partitions: [[1, 2], [3, 4]] and so on.
  table('glom', {
    input: TWELVE,
    of: (s) => s.glom(),
    partitions: [1, 2, 3],
    expected: (partitions) => TWELVE.map((batch) => slices(batch, partitions)),
    ordered: true,
  })

  // Spark's table has 2 partitions: [3, 7], [11, 15], [19, 23].
  table('mapPartitions', {
    input: TWELVE,
    of: (s) => s.mapPartitions((elements) => [[...elements].reduce(add, 0)]),
    partitions: [1, 2, 3],
    expected: (partitions) => TWELVE.map((batch) => slices(batch, partitions).map((slice) => slice.reduce(add, 0))),
  })

  const HUNDREDS: Batches<number> = [to(1, 100), to(101, 200), to(201, 300)]
  repartitionTable('repartition (more partitions)', { from: 2, into: 5 })
  repartitionTable('repartition (fewer partitions)', { from: 5, into: 2 })

  /** As many parts per batch as asked for, which hold the batch together. */
  function repartitionTable(name: string, { from, into }: { from: number; into: number }): void {
    everyMode(name, [from, 1, 3], async (mode) => {
      const batches = await testStream(options({}, mode, [HUNDREDS]), (s) => s.repartition(into).glom())
      expect(batches.map((parts) => parts.length)).toEqual([into, into, into])
      expect(batches.map((parts) => parts.flat().sort((a, b) => a - b))).toEqual(HUNDREDS)
    })
  }

  table('groupByKey', {
    input: WORDS,
    of: (s) => s.map(one).groupByKey(),
    expected: [
      [
        ['a', [1, 1]],
        ['b', [1]],
      ],
      [['', [1, 1]]],
      [],
    ],
  })

  table('reduceByKey', {
    input: WORDS,
    of: (s) => s.map(one).reduceByKey(add),
    expected: [
      [
        ['a', 2],
        ['b', 1],
      ],
      [['', 2]],
      [],
    ],
  })

  table('reduce', { input: TWELVE, of: (s) => s.reduce(add), expected: [[10], [26], [42]], ordered: true })

  table('count', {
    input: [[], to(1, 1), to(1, 2), to(1, 3), to(1, 4)],
    of: (s) => s.count(),
    expected: [[0], [1], [2], [3], [4]],
    ordered: true,
  })

  table('countByValue', {
    input: [[1], [1, 1, 1], [1, 2], [1, 1, 2, 2]],
    of: (s) => s.countByValue(),
    expected: [
      [[1, 1]],
      [[1, 3]],
      [
        [1, 1],
        [2, 1],
      ],
      [
        [2, 2],
        [1, 2],
      ],
    ],
  })

  table('mapValues', {
    input: WORDS,
    of: (s) =>
      s
        .map(one)
        .reduceByKey(add)
        .mapValues((n) => n + 10),
    expected: [
      [
        ['a', 12],
        ['b', 11],
      ],
      [['', 12]],
      [],
    ],
  })

  table('flatMapValues', {
    input: WORDS,
    of: (s) =>
      s
        .map(one)
        .reduceByKey(add)
        .flatMapValues((n) => [n, n + 10]),
    expected: [
      [
        ['a', 2],
        ['a', 12],
        ['b', 1],
        ['b', 11],
      ],
      [
        ['', 2],
        ['', 12],
      ],
      [],
    ],
  })

  const FOURS: Batches<number> = [to(1, 4), to(101, 104), to(201, 204)]

  table('union', {
    input: FOURS,
    of: (s) => s.union(s.map((x) => x + 4)),
    expected: [to(1, 8), to(101, 108), to(201, 208)],
    ordered: true,
  })

  // Over three streams. Spark asks the context for it; here union takes any number of streams.
  table('StreamingContext.union', {
    input: FOURS,
    of: (s) =>
      s.union(
        s.map((x) => x + 4),
        s.map((x) => x + 8),
      ),
    expected: [to(1, 12), to(101, 112), to(201, 212)],
    ordered: true,
  })
})
