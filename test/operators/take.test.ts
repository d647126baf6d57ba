import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Batch, type DStream, InvalidOptionError, job, json, text } from '../../src/index.ts'
import { takeOrdered, top } from '../../src/operators/take.ts'
import { testStream } from '../../src/testing/index.ts'
import { driven, records } from '../support/driven.ts'
import { combinedFirst } from './drive.ts'

type Scored = readonly [string, number]

const byScore = (a: Scored, b: Scored): number => a[1] - b[1]
const RUNS = [1, 3].flatMap((partitions) =>
  (['never', 'every-batch'] as const).map((restart) => ({ partitions, restart })),
)

describe.each(RUNS)('over $partitions partitions, restart $restart', ({ partitions, restart }) => {
  const run = { batch: 1000, partitions, restart }

  it('means what RDD means by it', async () => {
    const numbers = [[5, 3, 9, 1, 7], [], [2]]
    const of = <U>(f: (s: DStream<number>) => DStream<U>) => testStream({ ...run, inputs: [numbers] }, f)
    expect(await of((s) => s.top(2))).toEqual([[9, 7], [], [2]])
    expect(await of((s) => s.takeOrdered(2))).toEqual([[1, 3], [], [2]])
    expect(await of((s) => s.take(3))).toEqual([[5, 3, 9], [], [2]])
    expect(await of((s) => s.first())).toEqual([[5], [], [2]])
    expect(await of((s) => s.isEmpty())).toEqual([[false], [true], [false]])
    expect(await of((s) => s.sortBy((n) => -n))).toEqual([[9, 7, 5, 3, 1], [], [2]])
    expect(await of((s) => s.sortBy(String, { ascending: false }).take(2))).toEqual([[9, 7], [], [2]])
    expect(await of((s) => s.sortBy((n) => n).first())).toEqual([[1], [], [2]])
    expect(
      await of((s) =>
        s
          .map((n) => [n, 'x'] as const)
          .sortByKey()
          .take(1),
      ),
    ).toEqual([[[1, 'x']], [], [[2, 'x']]])
  })

  it('equals what a batch gives for it, of equal ones the same', async () => {
    const scored = fc.array(fc.tuple(fc.string({ maxLength: 1 }), fc.integer({ min: 0, max: 3 })), { maxLength: 30 })
    const ways: [limited: (s: DStream<Scored>) => DStream<Scored>, whole: (b: Batch<Scored>, n: number) => Scored[]][] =
      [
        [(s) => s.top(4, byScore), (b, n) => b.top(n, byScore)],
        [(s) => s.takeOrdered(4, { compare: byScore }), (b, n) => b.takeOrdered(n, byScore)],
        [
          (s) => s.sortBy(([, n]) => n, { ascending: false }).take(4),
          (b, n) => b.sortBy(([, m]) => m, { ascending: false }).take(n),
        ],
        [(s) => s.sortByKey().take(4), (b, n) => b.sortByKey().take(n)],
        [(s) => s.take(4), (b, n) => b.take(n)],
      ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(scored, { maxLength: 3 }),
        fc.constantFrom(...ways),
        async (input, [limited, whole]) => {
          const inputs: [Scored[][]] = [input]
          const [got, wanted] = await testStream({ ...run, inputs }, (s: DStream<Scored>) => [
            limited(s),
            s.transform((batch) => whole(batch, 4)),
          ])
          expect(got).toEqual(wanted)
        },
      ),
      { numRuns: 30 },
    )
  }, 60_000)

  it('follows operators in place, a shuffle, a union and a window', async () => {
    const inputs: [Scored[][]] = [
      [
        [
          ['a', 1],
          ['b', 5],
          ['a', 6],
        ],
        [['c', 2]],
      ],
    ]
    const best = (s: DStream<readonly [string, number]>) => s.top(1, (a, b) => a[1] - b[1])
    const of = (f: (s: DStream<Scored>) => DStream<unknown>) => testStream({ ...run, inputs }, f)
    expect(await of((s) => best(s.reduceByKey((a, b) => a + b, { numPartitions: 3 })))).toEqual([
      [['a', 7]],
      [['c', 2]],
    ])
    expect(await of((s) => best(s.union(s.mapValues((n) => n + 1))))).toEqual([[['a', 7]], [['c', 3]]])
    expect(await of((s) => best(s.window(2000)))).toEqual([[['a', 6]], [['a', 6]]])
    expect(await of((s) => best(s).map(([key]) => key))).toEqual([['a'], ['c']])
    if (partitions > 1) return // keys would be in two partitions
    expect(await of((s) => best(s.preservesPartitioning().reduceByKey((a, b) => a + b)))).toEqual([
      [['a', 7]],
      [['c', 2]],
    ])
  })
})

const board = job('board', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
  const scores = kafka('scores', { value: json<Scored | Record<string, never>>() }).map(({ value }) => value)
  scores
    .sortBy((one) => (Array.isArray(one) ? one[1] : one), { ascending: false })
    .take(2)
    .saveAsTextFiles('s3://results/best')
})
const lines = (...some: readonly unknown[]): string[] => some.map((one) => JSON.stringify(one))

it('counts among equal ones those that stand first by partition and offset, however partitions are cut', async () => {
  const one = driven(board, { partitions: { scores: 2 } })
  const values = [lines(['d', 1], ['e', 3]), lines(['a', 3], ['b', 3], ['c', 9])] as const
  await one.deliver(records('scores-1', values[0], { at: 500 }), records('scores-0', values[1], { at: 500 }))
  const many = driven(board, { partitions: { scores: 2 } })
  for (const [i, value] of values[0].entries()) await many.deliver(records('scores-1', [value], { at: 500 + i }))
  for (const [i, value] of values[1].entries()) {
    await many.another().deliver(records('scores-0', [value], { at: 500 + i }))
    await many.again()
  }
  for (const job of [one, many]) {
    await job.rest()
    expect(await job.text('best-1000/')).toBe('(c,9)\n(a,3)\n')
  }
})

it('sends no more than it must, and no less where nobody is to blame alone', () => {
  expect(combinedFirst(top<number>(2, {}), [3, 1, 2, 3])).toEqual([3, 3])
  expect(combinedFirst(takeOrdered<string | number>(1, {}), ['a', 1, 2])).toEqual(['a', 1, 2])
  expect(() => combinedFirst(top(1, {}), [{}])).toThrow('an object has no natural order: give top a compare')
  expect(() => combinedFirst(top(1, {}), [1, {}, 2])).toThrow('an object has no natural order')
})

it('sets aside the record without an order, and a batch whose elements have none together', async () => {
  const scores = driven(board)
  await scores.deliver(records('scores-0', lines(['a', 3], {}, ['b', 4]), { at: 500 }))
  await scores.rest()
  expect(await scores.text('best-1000/')).toBe('(b,4)\n(a,3)\n')
  await scores.deliver(records('scores-0', ['["a",3]', '["b","x"]'], { at: 1500 }))
  await scores.deliver(records('scores-0', ['["c",1]'], { at: 2500 }))
  await scores.rest()
  expect(await scores.closed()).toEqual(['best-1000', 'best-2000', 'best-3000'])
  expect(await scores.text('best-2000/')).toBe('')
  expect(await scores.text('best-3000/')).toBe('(c,1)\n')
})

it('takes no answer for an order that is none: the record goes aside, however partitions are cut', async () => {
  for (const cut of [1, 2, 4]) {
    const scores = driven(
      job('odd', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
        const numbers = kafka('scores', { value: text() }).map(({ value }) => Number(value))
        numbers.top(2, (a, b) => a - b).saveAsTextFiles('s3://results/best')
      }),
    )
    const values = ['3', 'x', '5', '4']
    for (let from = 0; from < 4; from += cut)
      await scores.deliver(records('scores-0', values.slice(from, from + cut), { at: 500 + from, step: 1 }))
    await scores.rest()
    expect(await scores.text('best-1000/')).toBe('5\n4\n')
  }
  const wrong: () => number = () => JSON.parse('true')
  expect(() => combinedFirst(top(1, wrong), [1, 2])).toThrow(
    'top, compare: must give a number, negative when the first is less, and gave the boolean true',
  )
})

it('prints the beginning of what is sorted as all of it would be printed', async () => {
  const printing = (sorted: (s: DStream<string>) => DStream<string>) =>
    driven(
      job('printing', { batch: 1000 }, ({ kafka }) => {
        sorted(kafka('lines', { value: text() }).map(({ value }) => value)).print(2)
      }),
    )
  const printed = []
  for (const one of [
    printing((s) => s.sortBy((line) => line)),
    printing((s) => s.sortBy((line) => line).transform((batch) => batch)),
  ]) {
    await one.deliver(records('lines-0', ['c', 'b', 'a']))
    await one.rest()
    printed.push(one.environment.printed)
  }
  expect(printed[0]?.join()).toContain('a\nb\n...')
  expect(printed[0]).toEqual(printed[1])
})

it('checks its arguments', async () => {
  const of = (f: (s: DStream<number>) => DStream<unknown>) => testStream({ batch: 1000, inputs: [[[1]]] }, f)
  for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(of((s) => s.top(n))).rejects.toThrow(InvalidOptionError)
    await expect(of((s) => s.take(n))).rejects.toThrow(
      `take: the number of elements must be a whole number of at least 1, got ${n}.`,
    )
    await expect(of((s) => s.sortBy((x) => x).take(n))).rejects.toThrow(InvalidOptionError)
  }
  // @ts-expect-error: no such option
  await expect(of((s) => s.top(1, { by: 1 }))).rejects.toThrow("top: unknown option 'by'")
  // @ts-expect-error: no function
  await expect(of((s) => s.sortBy('cents'))).rejects.toThrow('sortBy: expected a function, got string.')
  // @ts-expect-error: none of the two
  await expect(of((s) => s.sortBy((x) => x, { ascending: 1 }))).rejects.toThrow(
    'sortBy, ascending: must be true or false',
  )
  const typed = (s: DStream<Scored>) => s.sortByKey({ compare: (a, b) => a.localeCompare(b) }).take(3)
  expectTypeOf(typed).returns.toEqualTypeOf<DStream<readonly [string, number]>>()
})
