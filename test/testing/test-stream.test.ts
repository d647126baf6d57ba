// testStream itself: DESIGN §6.

import { describe, expect, it } from 'vitest'
import { testStream } from '../../src/testing/index.ts'

describe.each([
  { partitions: 1, restart: 'never' },
  { partitions: 3, restart: 'never' },
  { partitions: 1, restart: 'every-batch' },
  { partitions: 3, restart: 'every-batch' },
] as const)('testStream with $partitions partitions, restart $restart', (how) => {
  it('runs narrow operators', async () => {
    const batches = await testStream({ batch: 1000, ...how, inputs: [[['a b', 'c'], [], ['d']]] }, (lines) =>
      lines.flatMap((line) => line.split(' ')),
    )
    expect(batches).toEqual([['a', 'b', 'c'], [], ['d']])
  })

  it('reduces by key', async () => {
    const batches = await testStream({ batch: 1000, ...how, inputs: [[['a', 'a', 'b'], ['', ''], []]] }, (words) =>
      words.map((w) => [w, 1] as const).reduceByKey((a, b) => a + b),
    )
    expect(batches.map((batch) => batch.toSorted())).toEqual([
      [
        ['a', 2],
        ['b', 1],
      ],
      [['', 2]],
      [],
    ])
  })

  it('counts, also empty batches, and chains shuffles', async () => {
    const batches = await testStream(
      { batch: 1000, ...how, inputs: [[['a', 'a', 'b'], [], ['c']]], batches: 4 },
      (words) => [words.count(), words.countByValue().count(), words.map((w) => w.length).reduce((a, b) => a + b)],
    )
    expect(batches).toEqual([
      [[3], [0], [1], [0]],
      [[2], [0], [1], [0]],
      [[3], [], [1], []],
    ])
  })

  it('joins', async () => {
    const batches = await testStream(
      {
        batch: 1000,
        ...how,
        inputs: [
          [['a', 'b'], []],
          [['a', 'c'], ['x']],
        ],
      },
      (left, right) => left.map((k) => [k, 1] as const).fullOuterJoin(right.map((k) => [k, 'r'] as const)),
    )
    expect(batches.map((batch) => batch.toSorted())).toEqual([
      [
        ['a', [1, 'r']],
        ['b', [1, undefined]],
        ['c', [undefined, 'r']],
      ],
      [['x', [undefined, 'r']]],
    ])
  })
})
