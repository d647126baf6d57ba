// Only accumulators and states may be changed (DESIGN §2a.3): testStream freezes the rest, and names the operator that tries.

import { describe, expect, it } from 'vitest'
import { type DStream, type State, StateSpec } from '../../src/index.ts'
import { testStream } from '../../src/testing/index.ts'

interface Row {
  readonly k: string
  n: number
  tags: string[]
  seen: Map<string, number>
  set: Set<string>
  at: Date
  bytes: Uint8Array
}
const row = (k: string): Row => ({
  ...{ k, n: 1, tags: ['x'], seen: new Map([['a', 1]]), set: new Set(['a']) },
  ...{ at: new Date(0), bytes: Uint8Array.of(1) },
})
const run = (define: (rows: DStream<Row>) => DStream<unknown>) =>
  testStream({ batch: 1000, inputs: [[[row('a'), row('a')], [row('b')]]], partitions: 2 }, define)

const CHANGES: readonly (readonly [string, (value: Row) => unknown])[] = [
  [
    'a property',
    (r) => {
      r.n += 1
    },
  ],
  ['a list inside', (r) => r.tags.push('y')],
  ['a Map', (r) => r.seen.set('b', 2)],
  ['a Set', (r) => r.set.delete('a')],
  ['a Date', (r) => r.at.setTime(1)],
  [
    'bytes',
    (r) => {
      r.bytes[0] = 2
    },
  ],
]

describe.each(CHANGES)('%s', (_, change) => {
  const changed = (r: Row): Row => {
    change(r)
    return r
  }
  const pairs = (rows: DStream<Row>) => rows.map((r) => [r.k, r] as const)

  it.each<[string, RegExp, (rows: DStream<Row>) => DStream<unknown>]>([
    ['map', /^map/, (s) => s.map(changed)],
    ['map of what a map has made', /^map/, (s) => s.map((r) => structuredClone(r)).map(changed)],
    [
      'filter',
      /^filter/,
      (s) =>
        s.filter((r) => {
          change(r)
          return true
        }),
    ],
    ['flatMap', /^flatMap/, (s) => s.flatMap((r) => [changed(r)])],
    ['mapPartitions', /^mapPartitions/, (s) => s.mapPartitions((all) => [...all].map(changed))],
    ['mapAsync', /^mapAsync/, (s) => s.mapAsync(async (r) => changed(r))],
    ['map after a shuffle', /^map/, (s) => s.repartition(2).map(changed)],
    [
      'mapValues of groups',
      /^map/,
      (s) =>
        pairs(s)
          .groupByKey()
          .mapValues(([first]) => first && changed(first)),
    ],
    [
      'a value of updateStateByKey',
      /updateStateByKey/,
      (s) => pairs(s).updateStateByKey((all: readonly Row[], _state?: number) => all.map(changed).length),
    ],
    [
      'a value of mapWithState',
      /mapWithState/,
      (s) =>
        pairs(s).mapWithState(
          StateSpec.function((_key: string, value: Row | undefined, _state: State<number>) => value && changed(value)),
        ),
    ],
  ])('is not changed by %s', async (_operator, operator, define) => {
    const error: unknown = await run(define).catch((error: unknown) => error)
    const cause = Object(error).code === 'VALUE_CHANGED' ? error : Object(error).cause
    expect(cause).toMatchObject({ code: 'VALUE_CHANGED', operator: expect.stringMatching(operator) })
  })

  it('is changed in an accumulator and in states', async () => {
    const first = (a: Row, _b: Row): Row => changed(a)
    const state = (all: readonly Row[], held?: Row): Row => changed(held ?? structuredClone(all[0] ?? row('')))
    for (const define of [
      (s: DStream<Row>) => pairs(s).reduceByKey(first),
      (s: DStream<Row>) => s.reduce(first),
      (s: DStream<Row>) =>
        s
          .map((r) => [r.k, r.bytes] as const)
          .reduceByKey((a) => {
            a[0] = 7
            return a
          }),
      (s: DStream<Row>) => pairs(s).reduceByKeyAndWindow(first, '2s'),
      (s: DStream<Row>) => pairs(s).reduceByKeyAndWindow(first, first, '2s', '1s'),
      (s: DStream<Row>) => pairs(s).combineByKey((r) => r, first, first),
      (s: DStream<Row>) => pairs(s).updateStateByKey(state),
    ])
      expect((await run(define)).length).toBe(2)
  })
})

it('names the operator of two that push to the same tags', async () => {
  const both = testStream({ batch: 1000, inputs: [[[row('a')]]] }, (rows) => [
    rows.map((r) => [...r.tags, 'left']),
    rows.map((r) => r.tags.push('right')),
  ])
  await expect(both).rejects.toMatchObject({
    code: 'VALUE_CHANGED',
    message: expect.stringContaining('map (of input0)'),
  })
})
