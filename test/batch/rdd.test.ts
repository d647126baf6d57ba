// Tables of Spark's RDDSuite and of pyspark's test_rdd, re-expressed: what goes in and what comes out.

import { describe, expect, it } from 'vitest'
import { EmptyBatchError, UnequalBatchesError } from '../../src/errors/batch-errors.ts'
import { InvalidOptionError } from '../../src/errors/errors.ts'
import { inOrder, make, PARTITIONS, range } from './make.ts'

describe.each(PARTITIONS)('over %i partitions', (partitions) => {
  const nums = make([1, 2, 3, 4], partitions)

  it('has the basic operations', () => {
    expect(nums.getNumPartitions()).toBe(partitions)
    expect(nums.collect()).toEqual([1, 2, 3, 4])
    expect(nums.reduce((a, b) => a + b)).toBe(10)
    expect(nums.fold(0, (a, b) => a + b)).toBe(10)
    expect(nums.map(String).collect()).toEqual(['1', '2', '3', '4'])
    expect(nums.filter((n) => n > 2).collect()).toEqual([3, 4])
    expect(nums.flatMap((n) => range(1, n + 1)).collect()).toEqual([1, 1, 2, 1, 2, 3, 1, 2, 3, 4])
    expect(nums.union(nums).collect()).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
    expect(nums.union([5]).collect()).toEqual([1, 2, 3, 4, 5])
    expect(nums.isEmpty()).toBe(false)
    expect([nums.max(), nums.min(), nums.sum(), nums.first(), nums.count()]).toEqual([4, 1, 10, 1, 4])
    expect(nums.cache()).toBe(nums)
  })

  it('has each element once', () => {
    const dups = make([1, 1, 2, 2, 3, 3, 4, 4], partitions)
    expect(inOrder(dups.distinct().collect())).toEqual([1, 2, 3, 4])
    expect(inOrder(dups.distinct(2).collect())).toEqual([1, 2, 3, 4])
    expect(dups.distinct(2).getNumPartitions()).toBe(2)
    expect(
      make(
        [
          ['a', 1],
          ['b', 1],
          ['a', 1],
        ],
        partitions,
      )
        .distinct()
        .count(),
    ).toBe(2)
  })

  it('folds, also by functions that change their first argument', () => {
    const many = make(range(-1000, 1000), partitions)
    expect(many.fold(0, (a, b) => a + b)).toBe(-1000)
    const boxes = many.map((n) => [n]).cache()
    const add = (a: number[], b: number[]): number[] => {
      a[0] = (a[0] ?? 0) + (b[0] ?? 0)
      return a
    }
    expect(boxes.fold([0], add)).toEqual([-1000])
    expect(boxes.reduce(add)).toEqual([-1000])
    expect(boxes.first()).toEqual([-1000])
    expect(boxes.aggregate([0], add, add)).toEqual([-1000])
  })

  it('counts what is not neutral once more than there are partitions', () => {
    expect(nums.fold(1, (a, b) => a + b)).toBe(10 + partitions + 1)
  })

  it('aggregates, into maps too', () => {
    const pairs = make(
      [
        ['a', 1],
        ['b', 2],
        ['a', 2],
        ['c', 5],
        ['a', 3],
      ] as const,
      partitions,
    )
    const add = (sums: Map<string, number>, [key, n]: readonly [string, number]) =>
      sums.set(key, (sums.get(key) ?? 0) + n)
    const merge = (a: Map<string, number>, b: Map<string, number>) => [...b].reduce(add, a)
    const zero = new Map<string, number>()
    expect(pairs.aggregate(zero, add, merge)).toEqual(
      new Map([
        ['a', 6],
        ['b', 2],
        ['c', 5],
      ]),
    )
    expect(zero.size).toBe(0)
  })

  it('says of an empty batch what Spark says', () => {
    const empty = make<number>([], partitions)
    expect([empty.count(), empty.collect(), empty.sum(), empty.isEmpty()]).toEqual([0, [], 0, true])
    for (const action of [
      () => empty.reduce((a, b) => a + b),
      () => empty.first(),
      () => empty.max(),
      () => empty.min(),
    ]) {
      expect(action).toThrow(EmptyBatchError)
      expect(action).toThrow(/empty collection/)
    }
    expect(() => nums.filter((n) => n > 5).reduce((a, b) => a + b)).toThrow(EmptyBatchError)
    expect([empty.fold(0, (a, b) => a + b), empty.take(3), empty.top(3)]).toEqual([0, [], []])
    expect(empty.sortBy((n) => n).collect()).toEqual([])
    const [pairs, none] = [
      make<[number, number]>(
        [
          [1, 1],
          [2, 2],
        ],
        partitions,
      ),
      make<[number, number]>([], partitions),
    ]
    expect(pairs.join(none).count()).toBe(0)
    expect(pairs.rightOuterJoin(none).count()).toBe(0)
    expect(pairs.leftOuterJoin(none).count()).toBe(2)
    expect(pairs.fullOuterJoin(none).count()).toBe(2)
    expect(pairs.cogroup(none).count()).toBe(2)
    expect(pairs.union(none).count()).toBe(2)
  })

  it('takes', () => {
    const many = make(range(1, 1000), partitions)
    for (const n of [0, 1, 3, 500, 501, 999]) expect(many.take(n)).toEqual(range(1, n + 1))
    expect(many.take(1000)).toEqual(range(1, 1000))
    expect(many.take(-1)).toEqual([])
    expect(make([1, 2], partitions).take(2147483638)).toEqual([1, 2])
  })

  it('takes the greatest and the least', () => {
    const shuffled = make(
      range(1, 10_000).map((n) => (n * 7919) % 10_007),
      partitions,
    )
    const all = shuffled.collect().sort((a, b) => a - b)
    expect(shuffled.top(5)).toEqual(all.slice(-5).reverse())
    expect(shuffled.takeOrdered(5)).toEqual(all.slice(0, 5))
    const words = make(['a', 'b', 'c', 'd'], partitions)
    expect(words.top(2, (a, b) => (a < b ? 1 : -1))).toEqual(['a', 'b'])
    const ten = make(range(1, 11), partitions)
    expect(ten.takeOrdered(0)).toEqual([])
    expect(ten.takeOrdered(5, (a, b) => b - a)).toEqual([10, 9, 8, 7, 6])
  })

  it('sorts', () => {
    const data = make(['5|50|A', '4|60|C', '6|40|B'], partitions)
    const column = (i: number) => (text: string) => text.split('|')[i] ?? ''
    expect(data.sortBy(column(0)).collect()).toEqual(['4|60|C', '5|50|A', '6|40|B'])
    expect(data.sortBy(column(1)).collect()).toEqual(['6|40|B', '5|50|A', '4|60|C'])
    expect(data.sortBy(column(2)).collect()).toEqual(['5|50|A', '6|40|B', '4|60|C'])
    expect(data.sortBy(column(0), { ascending: false }).collect()).toEqual(['6|40|B', '5|50|A', '4|60|C'])
    const people = make(['Bob|Smith|50', 'Jane|Smith|40', 'Thomas|Williams|30', 'Karen|Williams|60'], partitions)
    const parts = (text: string): string[] => text.split('|')
    const byAge = people.sortBy(parts, { compare: (a, b) => Number(a[2]) - Number(b[2]), numPartitions: 2 })
    expect(byAge.map((text) => parts(text)[0]).collect()).toEqual(['Thomas', 'Jane', 'Bob', 'Karen'])
    const byName = people.sortBy((text) => [parts(text)[1], parts(text)[0]])
    expect(byName.map((text) => parts(text)[0]).collect()).toEqual(['Bob', 'Jane', 'Karen', 'Thomas'])
  })

  it.each([true, false])('sorts over all partitions, not the first and the last only (ascending %s)', (ascending) => {
    const pairs = range(0, 101).map((i): [number, number] => [(i * 59) % 101, i])
    const sorted = make(pairs, partitions).sortByKey({ ascending, numPartitions: 5 })
    expect(sorted.collect()).toEqual([...pairs].sort(([a], [b]) => (ascending ? a - b : b - a)))
    for (const size of sorted
      .glom()
      .map((some) => some.length)
      .collect())
      expect(size).toBeGreaterThan(0)
  })

  it('keeps equal keys in one partition, in their order', () => {
    const sorted = make(
      [2, 1, 1, 1, 2, 1].map((n, i) => ({ n, i })),
      partitions,
    ).sortBy(({ n }) => n, { numPartitions: 3 })
    expect(sorted.map(({ i }) => i).collect()).toEqual([1, 2, 3, 5, 0, 4])
    const keys = sorted
      .map(({ n }) => n)
      .glom()
      .collect()
    expect(keys.filter((some) => some.includes(1))).toHaveLength(1)
  })

  it('makes every pair', () => {
    const [a, b, none] = [make([1, 2, 3], partitions), make([2, 3, 4], partitions), make<number>([], partitions)]
    expect([a.cartesian(none).count(), none.cartesian(a).count(), none.cartesian(none).count()]).toEqual([0, 0, 0])
    expect(inOrder(a.cartesian(b).collect())).toEqual(a.collect().flatMap((x) => [2, 3, 4].map((y) => [x, y])))
    expect(a.cartesian(b).getNumPartitions()).toBe(partitions * partitions)
    expect(a.cartesian([1]).collect()).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    const ten = make(range(0, 10), partitions)
    expect(ten.cartesian(ten).cartesian(ten).count()).toBe(1000)
    expect(
      ten
        .cartesian(ten.zip(ten))
        .filter(([, [x, y]]) => x === y)
        .count(),
    ).toBe(100)
  })

  it('intersects and subtracts', () => {
    const [all, evens] = [make(range(1, 11), partitions), make([2, 4, 6, 8, 10], partitions)]
    expect(
      all
        .intersection(evens)
        .collect()
        .sort((a, b) => a - b),
    ).toEqual([2, 4, 6, 8, 10])
    expect(
      evens
        .intersection(all)
        .collect()
        .sort((a, b) => a - b),
    ).toEqual([2, 4, 6, 8, 10])
    const [a, b] = [make([1, 2, 3, 3], partitions), make([1, 1, 2, 3], partitions)]
    expect(a.intersection(b).collect().sort()).toEqual([1, 2, 3])
    expect(b.intersection(a).collect().sort()).toEqual([1, 2, 3])
    expect(
      make([1, 2, 3], partitions)
        .subtract(make([2, 3, 4], 4))
        .collect(),
    ).toEqual([1])
    expect(a.subtract([1]).collect()).toEqual([2, 3, 3])
    expect(a.subtract([1]).getNumPartitions()).toBe(partitions)
  })

  it('numbers', () => {
    expect(make(range(0, 10), partitions).zipWithIndex().collect()).toEqual(range(0, 10).map((n) => [n, n]))
    expect(make(range(0, 10), partitions).zipWithIndex().repartition(4).count()).toBe(10)
  })

  it('zips', () => {
    const words = make(['a', 'b', 'c'], partitions)
    expect(words.zip(words).zip(words).collect()).toEqual(['a', 'b', 'c'].map((x) => [[x, x], x]))
    expect(words.zip(words.map(() => undefined)).collect()).toEqual(['a', 'b', 'c'].map((x) => [x, undefined]))
    expect(() => words.zip(make(['a', 'b', 'c'], 2)).collect()).toThrow(UnequalBatchesError)
    expect(() => words.zip(make(['a', 'b'], partitions)).collect()).toThrow(UnequalBatchesError)
  })

  it('repartitions without skew', () => {
    const data = make(range(1, 1001), partitions)
    for (const count of [2, 20]) {
      const sizes = data
        .repartition(count)
        .glom()
        .map((some) => some.length)
        .collect()
      expect(sizes).toEqual(Array(count).fill(1000 / count))
      expect(new Set(data.coalesce(count, { shuffle: true }).collect()).size).toBe(1000)
    }
    expect(() => data.repartition(0).collect()).toThrow(InvalidOptionError)
    expect(() => data.coalesce(0).collect()).toThrow(InvalidOptionError)
  })

  it('draws a sample, the same of the same seed', () => {
    const data = make(range(0, 100), partitions)
    expect(data.sample(false, 0.1, 2).collect()).toEqual(data.sample(false, 0.1, 2).collect())
    expect(data.sample(true, 0.2, 5).collect()).toEqual(data.sample(true, 0.2, 5).collect())
    expect(data.sample(false, 0.3, 10).collect()).not.toEqual(data.sample(false, 0.3, 20).collect())
    expect(data.sample(true, 0.4, 11).collect()).not.toEqual(data.sample(true, 0.4, 21).collect())
    expect(data.sample(false, 1).collect()).toEqual(data.collect())
    expect(data.sample(false, 0).isEmpty()).toBe(true)
    const many = make(range(0, 10_000), partitions)
    for (const withReplacement of [true, false]) {
      expect(Math.abs(many.sample(withReplacement, 0.3, 1).count() - 3000)).toBeLessThan(6 * Math.sqrt(3000))
    }
    expect(new Set(many.sample(true, 1, 1).collect()).size).toBeLessThan(many.sample(true, 1, 1).count())
    expect(() => data.sample(false, 1.5)).toThrow(InvalidOptionError)
    expect(() => data.sample(true, -1)).toThrow(InvalidOptionError)
  })
})

it('keeps partitions', () => {
  const nums = make([1, 2, 3, 4], 2)
  expect(nums.glom().collect()).toEqual([
    [1, 2],
    [3, 4],
  ])
  const sum = (some: Iterable<number>): number => [...some].reduce((a, b) => a + b, 0)
  expect(nums.mapPartitions((some) => [sum(some)]).collect()).toEqual([3, 7])
  const split = nums.mapPartitionsWithIndex((index, some) => [[index, sum(some)]])
  expect(split.collect()).toEqual([
    [0, 3],
    [1, 7],
  ])
  const zipped = nums.zip(nums.map((n) => n + 1))
  expect(zipped.glom().collect()).toEqual([
    [
      [1, 2],
      [2, 3],
    ],
    [
      [3, 4],
      [4, 5],
    ],
  ])
  expect(nums.union(nums).glom().collect()).toEqual([
    [1, 2],
    [3, 4],
    [1, 2],
    [3, 4],
  ])
})

it('puts neighbours together', () => {
  const data = make(range(1, 11), 10)
  expect(data.coalesce(2).glom().collect()).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ])
  expect(data.coalesce(3).glom().collect()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9, 10],
  ])
  for (const count of [10, 20]) expect(data.coalesce(count).glom().collect()).toEqual(range(1, 11).map((n) => [n]))
  expect(data.coalesce(20, { shuffle: true }).getNumPartitions()).toBe(20)
})

it('has a natural order of what has one', () => {
  const sorted = (...values: unknown[]) =>
    make(values, 2)
      .sortBy((value) => value)
      .collect()
  expect(sorted(2, Number.NaN, -1, 3n)).toEqual([Number.NaN, -1, 2, 3n])
  expect(sorted(true, false)).toEqual([false, true])
  expect(sorted(new Date(2), new Date(1))).toEqual([new Date(1), new Date(2)])
  expect(sorted(['b', 1], ['a', 2], ['a', 1], ['a'])).toEqual([['a'], ['a', 1], ['a', 2], ['b', 1]])
  expect(() => sorted(1, 'a')).toThrow(/1 and 'a' have no natural order|no natural order: give sortBy a compare/)
  expect(() => sorted({}, {})).toThrow(/give sortBy a compare/)
  expect(() => make([1]).sortBy((n) => n, JSON.parse('{"acsending":false}'))).toThrow(/Did you mean 'ascending'/)
})

it('waits for what was begun, also when nobody else does', async () => {
  const done: string[] = []
  const batch = make(['a', 'b', 'c'], 3)
  expect(batch.settled()).toBeUndefined()
  batch.foreach((word) => done.push(word))
  expect(done).toEqual(['a', 'b', 'c'])
  expect(batch.settled()).toBeUndefined()
  void batch
    .map((word) => `${word}!`)
    .foreach(async (word) => {
      await null
      done.push(word)
    })
  void batch.foreachPartition(async (some) => {
    await null
    done.push([...some].join())
  })
  expect(done).toHaveLength(3)
  await batch.settled()
  expect(inOrder(done)).toEqual(inOrder(['a', 'b', 'c', 'a!', 'b!', 'c!', 'a', 'b', 'c']))
  void batch.foreachPartition(() => Promise.reject(new Error('away')))
  await expect(batch.settled()).rejects.toThrow('away')
})

it('refuses functions that are asynchronous where values are expected: a promise would be true', () => {
  const nums = make([1, 2], 1)
  // @ts-expect-error: as a program without types might
  expect(() => nums.filter(async () => false).collect()).toThrow('value is a Promise (for filter)')
  // @ts-expect-error: the same
  expect(() => nums.flatMap(async () => [1]).collect()).toThrow('value is a Promise (for flatMap)')
})
