// Tables of Spark's PairRDDFunctionsSuite and of pyspark's test_rdd, re-expressed.

import { describe, expect, it } from 'vitest'
import { InvalidKeyError, NotAPairError } from '../../src/errors/operator-errors.ts'
import { inOrder, make, PARTITIONS, range } from './make.ts'

describe.each(PARTITIONS)('over %i partitions', (partitions) => {
  const ones: [number, number][] = [
    [1, 1],
    [1, 2],
    [1, 3],
    [1, 1],
    [2, 1],
  ]
  const pairs = make(ones, partitions)
  const [left, right] = [
    make<[number, number]>(
      [
        [1, 1],
        [1, 2],
        [2, 1],
        [3, 1],
      ],
      partitions,
    ),
    make<[number, string]>(
      [
        [1, 'x'],
        [2, 'y'],
        [2, 'z'],
        [4, 'w'],
      ],
      partitions,
    ),
  ]

  it('reduces and groups by key', () => {
    expect(inOrder(pairs.reduceByKey((a, b) => a + b).collect())).toEqual([
      [1, 7],
      [2, 1],
    ])
    expect(pairs.reduceByKey((a, b) => a + b).collectAsMap()).toEqual(
      new Map([
        [1, 7],
        [2, 1],
      ]),
    )
    expect(inOrder(pairs.groupByKey().collect())).toEqual([
      [1, [1, 2, 3, 1]],
      [2, [1]],
    ])
    expect(inOrder(pairs.foldByKey(0, (a, b) => a + b).collect())).toEqual([
      [1, 7],
      [2, 1],
    ])
    const many = pairs.reduceByKey((a, b) => a + b, { numPartitions: 10 })
    expect([inOrder(many.collect()), many.getNumPartitions()]).toEqual([
      [
        [1, 7],
        [2, 1],
      ],
      10,
    ])
    expect(
      inOrder(
        pairs
          .groupByKey({ numPartitions: 10 })
          .mapValues((all) => all.length)
          .collect(),
      ),
    ).toEqual([
      [1, 4],
      [2, 1],
    ])
    expect(
      inOrder(
        make([-1, -1, 2], partitions)
          .groupBy((n) => n)
          .collect(),
      ),
    ).toEqual([
      [-1, [-1, -1]],
      [2, [2]],
    ])
  })

  it('aggregates by key', () => {
    const data = make<[number, number]>(
      [
        [1, 1],
        [1, 1],
        [3, 2],
        [5, 1],
        [5, 3],
      ],
      partitions,
    )
    const zero = new Set<number>()
    const sets = data
      .aggregateByKey(
        zero,
        (set, n) => set.add(n),
        (a, b) => new Set([...a, ...b]),
      )
      .collectAsMap()
    expect(sets).toEqual(
      new Map([
        [1, new Set([1])],
        [3, new Set([2])],
        [5, new Set([1, 3])],
      ]),
    )
    expect(zero.size).toBe(0)
    const lists = data.combineByKey(
      (n) => [n],
      (all, n) => [...all, n],
      (a, b) => [...a, ...b],
    )
    expect(inOrder(lists.collect())).toEqual([
      [1, [1, 1]],
      [3, [2]],
      [5, [1, 3]],
    ])
  })

  it('begins every key with a copy of what is neutral', () => {
    const tuples = [...range(0, 10), ...range(0, 10)].map((i): [number, number[]] => [i, range(0, i)])
    const extend = (a: number[], b: number[]): number[] => {
      a.push(...b)
      return a
    }
    const wanted = range(0, 10).map((i) => [i, [...range(0, i), ...range(0, i)]])
    const data = make(tuples, partitions)
    expect(data.foldByKey([], extend).sortByKey().collect()).toEqual(wanted)
    expect(data.reduceByKey(extend).sortByKey().collect()).toEqual(wanted)
    expect(data.aggregateByKey<number, number[], number[]>([], extend, extend).sortByKey().collect()).toEqual(wanted)
    expect(data.collect()).toEqual(range(0, 20).map((i) => [i % 10, range(0, i % 10)]))
  })

  it('joins', () => {
    expect(inOrder(left.join(right).collect())).toEqual([
      [1, [1, 'x']],
      [1, [2, 'x']],
      [2, [1, 'y']],
      [2, [1, 'z']],
    ])
    expect(inOrder(left.leftOuterJoin(right).collect())).toEqual(
      inOrder([
        [1, [1, 'x']],
        [1, [2, 'x']],
        [2, [1, 'y']],
        [2, [1, 'z']],
        [3, [1, undefined]],
      ]),
    )
    expect(inOrder(left.rightOuterJoin(right).collect())).toEqual(
      inOrder([
        [1, [1, 'x']],
        [1, [2, 'x']],
        [2, [1, 'y']],
        [2, [1, 'z']],
        [4, [undefined, 'w']],
      ]),
    )
    expect(inOrder(left.fullOuterJoin(right).collect())).toEqual(
      inOrder([
        [1, [1, 'x']],
        [1, [2, 'x']],
        [2, [1, 'y']],
        [2, [1, 'z']],
        [3, [1, undefined]],
        [4, [undefined, 'w']],
      ]),
    )
    expect(left.join(right, { numPartitions: 10 }).count()).toBe(4)
    expect(
      left
        .join(
          make<[number, string]>(
            [
              [4, 'x'],
              [5, 'y'],
            ],
            partitions,
          ),
        )
        .count(),
    ).toBe(0)
    const all = make<[number, number]>(
      [
        [1, 1],
        [1, 2],
        [1, 3],
      ],
      partitions,
    )
    expect(
      inOrder(
        all
          .join([
            [1, 'x'],
            [1, 'y'],
          ] as const)
          .collect(),
      ),
    ).toEqual([1, 2, 3].flatMap((n) => ['x', 'y'].map((text) => [1, [n, text]])))
    expect(left.join(new Map([[3, 'static']])).collect()).toEqual([[3, [1, 'static']]])
  })

  it('cogroups', () => {
    expect(inOrder(left.cogroup(right).collect())).toEqual([
      [1, [[1, 2], ['x']]],
      [2, [[1], ['y', 'z']]],
      [3, [[1], []]],
      [4, [[], ['w']]],
    ])
  })

  it('looks up and counts', () => {
    const data = make<[number, number]>(
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [5, 7],
      ],
      partitions,
    )
    expect([data.lookup(1), data.lookup(5), data.lookup(-1)]).toEqual([[2], [6, 7], []])
    expect(data.countByKey()).toEqual(
      new Map([
        [1, 1],
        [3, 1],
        [5, 2],
      ]),
    )
    expect(make(['a', 'b', 'a'], partitions).countByValue()).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
    expect(data.keys().collect()).toEqual([1, 3, 5, 5])
    expect(data.values().collect()).toEqual([2, 4, 6, 7])
    expect(data.collectAsMap().get(5)).toBe(7)
    expect(data.flatMapValues((n) => range(0, n - 4)).collect()).toEqual([
      [5, 0],
      [5, 1],
      [5, 0],
      [5, 1],
      [5, 2],
    ])
  })

  it('compares keys by value', () => {
    const composite = make<[[string, number], number]>(
      [
        [['a', 1], 1],
        [['a', 1], 2],
        [['a', 2], 3],
      ],
      partitions,
    )
    expect(composite.reduceByKey((a, b) => a + b).collect()).toHaveLength(2)
    expect(composite.lookup(['a', 1])).toEqual([1, 2])
    expect([...composite.countByKey()]).toEqual([
      [['a', 1], 2],
      [['a', 2], 1],
    ])
    expect([...composite.collectAsMap().values()]).toEqual([2, 3])
  })
})

it('has as many partitions as the largest of what comes together', () => {
  const a = make<[number, string]>(
    [
      [1, 'a'],
      [2, 'b'],
    ],
    2,
  )
  const b = make<[number, string]>(
    [
      [1, 'a'],
      [2, 'b'],
    ],
    200,
  )
  expect(a.join(b).getNumPartitions()).toBe(200)
  expect(
    make([1, 2, 3, 4], 200)
      .map((n) => [n, n] as const)
      .groupByKey()
      .getNumPartitions(),
  ).toBe(200)
})

it('keeps all pairs of a key in one partition', () => {
  const spread = make(
    range(0, 100).map((i): [number, number] => [i % 7, 1]),
    4,
  ).reduceByKey((a, b) => a + b)
  expect(
    spread
      .glom()
      .collect()
      .filter((some) => some.length > 0).length,
  ).toBeGreaterThan(1)
  expect(spread.count()).toBe(7)
})

it('refuses what is no pair, and no key', () => {
  const odd: [unknown, number][] = [[new Date(0), 1]]
  expect(() =>
    make(odd)
      .reduceByKey((a, b) => a + b)
      .collect(),
  ).toThrow(InvalidKeyError)
  expect(() =>
    make<[number, number]>(JSON.parse('[1]'))
      .reduceByKey((a, b) => a + b)
      .collect(),
  ).toThrow(NotAPairError)
})
