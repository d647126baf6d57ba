import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type DStream, InvalidOptionError, job, json } from '../../src/index.ts'
import { type TopOptions, topByKey } from '../../src/operators/top-by-key.ts'
import { testStream } from '../../src/testing/index.ts'
import { driven, records } from '../support/driven.ts'
import { atWork, batchesOf, combinedFirst, drive, RESTARTS } from './drive.ts'

type Scored = readonly [string, number]

describe('topByKey', () => {
  it('gives what every key that came has had so far, the greatest first', async () => {
    const inputs: Scored[][][] = [
      [
        [
          ['a', 1],
          ['a', 5],
          ['b', 2],
        ],
        [['a', 3]],
        [],
        [
          ['b', 9],
          ['a', 0],
        ],
      ],
    ]
    for (const restart of ['never', 'every-batch'] as const) {
      const batches = await testStream({ batch: 1000, inputs, partitions: 2, restart }, (s) => s.topByKey(2))
      expect(batches.map((batch) => [...batch].sort())).toEqual([
        [
          ['a', [5, 1]],
          ['b', [2]],
        ],
        [['a', [5, 3]]],
        [],
        [
          ['a', [5, 3]],
          ['b', [9, 2]],
        ],
      ])
    }
  })

  it('equals sorting all that there ever was, combined first or not, restarted or not', () => {
    const batch = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -5, max: 5 })), { maxLength: 6 })
    fc.assert(
      fc.property(
        fc.array(batch, { maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.constantFrom(...RESTARTS),
        (inputs, n, combined, restart) => {
          const asked = topByKey(n, {})
          const batches = batchesOf(10, inputs).map(({ time, inputs: [pairs = []] }) => ({
            time,
            inputs: [combined ? combinedFirst(asked, pairs) : pairs],
          }))
          const so: Record<string, number[]> = {}
          const wanted = inputs.map((pairs) => {
            for (const [key, value] of pairs) so[key] = [...(so[key] ?? []), value].sort((a, b) => b - a).slice(0, n)
            return [...new Set(pairs.map(([key]) => key))].map((key) => [key, so[key]])
          })
          expect(drive(() => atWork(asked, { combined }), batches, restart)).toEqual(wanted)
        },
      ),
    )
  })

  it('sends and saves no more than it must', () => {
    const asked = topByKey(2, {})
    expect(
      combinedFirst(asked, [
        ['a', 3],
        ['a', 1],
        ['a', 2],
      ]),
    ).toEqual([['a', [3, 2]]])
    const operator = atWork(asked)
    operator.run(10, [
      [
        ['a', 3],
        ['b', 1],
        ['a', 2],
      ],
    ])
    expect(operator.takeChanges()).toEqual([
      { cell: ['top', 'a'], value: [3, 2], deleted: false },
      { cell: ['top', 'b'], value: [1], deleted: false },
    ])
    operator.run(20, [[['a', 1]]])
    expect(operator.takeChanges()).toEqual([])
  })

  it('orders by a function, and of equals keeps the first', () => {
    const compare = (a: { n: number }, b: { n: number }) => a.n - b.n
    const asked = topByKey(2, { compare })
    const values = [
      { n: 1, at: 1 },
      { n: 1, at: 2 },
      { n: 1, at: 3 },
    ]
    expect(atWork(asked).run(10, [values.map((value) => ['k', value])])).toEqual([['k', values.slice(0, 2)]])
  })

  it('takes values of an older version along', () => {
    const old = atWork(topByKey(2, {}))
    old.run(10, [
      [
        ['a', 1],
        ['a', 2],
      ],
    ])
    const options: TopOptions<{ n: number }> = {
      compare: (a, b) => a.n - b.n,
      version: 2,
      migrate: (value) => ({ n: Number(value) }),
    }
    const asked = topByKey(2, options)
    const values = asked.operator.runs === 'on batches' ? asked.operator.values : undefined
    const renewed = atWork(asked)
    for (const change of old.takeChanges()) renewed.restore(change, (value) => values?.migrate?.apply(value, 1))
    expect(renewed.run(20, [[['a', { n: 3 }]]])).toEqual([['a', [{ n: 3 }, { n: 2 }]]])
  })

  it('refuses what is no number of values, and options that it does not have', () => {
    for (const n of [0, -1, 1.5, Number.NaN]) expect(() => topByKey(n, {})).toThrow(InvalidOptionError)
    const wrong: object = { comparer: 1 }
    expect(() => topByKey(1, wrong)).toThrow("Did you mean 'compare'?")
  })

  it('sets aside the record whose value has no order', async () => {
    const scores = driven(
      job('scores', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
        kafka('scores', { value: json<unknown>() })
          .map(({ value }) => ['k', value] as const)
          .topByKey(1)
          .saveAsNdjsonFiles('s3://results/top')
      }),
    )
    await scores.deliver(records('scores-0', ['1', '{"n":1}', '2']))
    await scores.rest()
    expect(Object.values(await scores.published()).join('')).toContain('["k",[2]]')
    const aside = Object.values(await scores.published('_millrace/quarantine', scores.environment.bucket))
    expect(aside.join('')).toContain('has no natural order: give topByKey a compare')
  })

  it('is typed by its pairs', () => {
    const typed = (s: DStream<Scored>) => s.topByKey(2, { compare: (a, b) => a - b })
    expectTypeOf(typed).returns.toEqualTypeOf<DStream<[string, number[]]>>()
  })
})
