import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnknownCellError } from '../../src/errors/operator-errors.ts'
import type { Spans } from '../../src/operators/batch-times.ts'
import { type Inverse, inverseWindow as inverseWindowOf } from '../../src/operators/inverse-window.ts'
import { KeyMap } from '../../src/values/key-map.ts'
import { type AtWork, atWork, type Batch, batchesOf, drive, driveDue, nobody, RESTARTS, snapshot } from './drive.ts'
import { someKey } from './keys.ts'

type InverseOver = Inverse & Spans

const inverseWindow = (node: InverseOver): AtWork =>
  atWork(inverseWindowOf(node, { spans: node, made: undefined }, nobody, undefined))

type Counts = readonly (readonly [unknown, number])[]

function nodeOf(length: number, slide: number, keep?: (value: unknown) => boolean): InverseOver {
  return {
    window: length,
    slide,
    reduce: (a, b) => Number(a) + Number(b),
    invReduce: (a, b) => Number(a) - Number(b),
    filter: keep && { test: ([, value]) => keep(value) },
  }
}

/** The definition: at multiples of the slide, the sum per key over (T - W, T]; a key that was ever in a window stays, at 0. */
function expected(node: InverseOver, batches: readonly Batch[]): (KeyMap<number> | undefined)[] {
  const seen = new KeyMap<true>()
  return batches.map(({ time }) => {
    if (time % node.slide !== 0) return undefined
    const sums = new KeyMap<number>()
    for (const batch of batches) {
      if (batch.time <= time - node.window || batch.time > time) continue
      for (const element of batch.inputs[0] ?? []) {
        if (!Array.isArray(element)) continue
        sums.set(element[0], (sums.get(element[0]) ?? 0) + Number(element[1]))
      }
    }
    for (const key of sums.keys()) seen.set(key, true)
    const result = new KeyMap<number>()
    for (const key of seen.keys()) {
      const value = sums.get(key)
      if (node.filter === undefined) result.set(key, value ?? 0)
      else if (value !== undefined && node.filter.test([key, value])) result.set(key, value)
    }
    return result
  })
}

/** Emitted pairs, as a map: the order of keys is not part of the definition. */
function asMap(emitted: unknown): KeyMap<number> | undefined {
  if (!Array.isArray(emitted)) return undefined
  const map = new KeyMap<number>()
  for (const [key, value] of emitted) {
    expect(map.has(key)).toBe(false)
    map.set(key, value)
  }
  return map
}

function sameAs(a: KeyMap<number> | undefined, b: KeyMap<number> | undefined): void {
  expect(a === undefined).toBe(b === undefined)
  if (a === undefined || b === undefined) return
  expect(a.size).toBe(b.size)
  for (const [key, value] of a) expect([key, b.get(key)]).toEqual([key, value])
}

/** One batch, reduced: one pair per key. Values include negative ones, so a neutral sum need not mean an empty window. */
const batch = fc.uniqueArray(fc.tuple(someKey, fc.integer({ min: -2, max: 3 })), {
  maxLength: 4,
  selector: ([key]) => key,
})
const inputs = fc.array(fc.option(batch, { nil: undefined }), { maxLength: 16 })
const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
const filters = fc.constantFrom(
  undefined,
  (value: unknown) => Number(value) !== 0,
  (value: unknown) => Number(value) > 2,
)

describe('inverseWindow', () => {
  // Spark's WindowOperationsSuite: reduceByKeyAndWindow with inverse function, 2 s over 1 s batches.
  const big: Counts[] = [
    [['a', 1]],
    [
      ['a', 1],
      ['b', 1],
    ],
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ],
    [
      ['a', 1],
      ['b', 1],
    ],
    [['a', 1]],
    [],
  ]

  it('keeps neutral values unless a filter drops them', () => {
    const kept: Counts[] = [
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
      [
        ['a', 2],
        ['b', 2],
        ['c', 1],
      ],
      [
        ['a', 2],
        ['b', 2],
        ['c', 1],
      ],
      [
        ['a', 2],
        ['b', 1],
        ['c', 0],
      ],
      [
        ['a', 1],
        ['b', 0],
        ['c', 0],
      ],
      [
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ],
    ]
    const batches = batchesOf(10, [...big, []])
    for (const restart of RESTARTS) {
      expect(drive(() => inverseWindow(nodeOf(20, 10)), batches, restart)).toEqual(kept)
      expect(drive(() => inverseWindow(nodeOf(20, 10, (value) => value !== 0)), batches, restart)).toEqual(
        kept.map((counts) => counts.filter(([, value]) => value !== 0)),
      )
    }
  })

  it('calls in the order of Spark: what leaves is taken off, then what enters is added', () => {
    const node: InverseOver = {
      ...nodeOf(20, 20),
      reduce: (a, b) => `(${a}+${b})`,
      invReduce: (a, b) => `(${a}-${b})`,
    }
    const letters = ['p', 'q', 'r', 's', 't', 'u'].map((letter) => [['k', letter]])
    expect(drive(() => inverseWindow(node), batchesOf(10, letters))).toEqual([
      undefined,
      [['k', '(p+q)']],
      undefined,
      [['k', '(((p+q)-(p+q))+(r+s))']],
      undefined,
      [['k', '(((((p+q)-(p+q))+(r+s))-(r+s))+(t+u))']],
    ])
  })

  it('equals the definition, restarted or not', () => {
    fc.assert(
      fc.property(inputs, sizes, filters, fc.constantFrom(...RESTARTS), (elements, [length, slide], keep, restart) => {
        const node = nodeOf(length * 10, slide * 10, keep)
        const batches = batchesOf(10, elements)
        const emitted = drive(() => inverseWindow(node), batches, restart)
        const wanted = expected(node, batches)
        emitted.forEach((pairs, i) => {
          sameAs(asMap(pairs), wanted[i])
        })
      }),
      { numRuns: 500 },
    )
  })

  it('a restart does not even change the order of keys', () => {
    fc.assert(
      fc.property(inputs, sizes, filters, (elements, [length, slide], keep) => {
        const create = () => inverseWindow(nodeOf(length * 10, slide * 10, keep))
        const [warm, cells, changes] = RESTARTS.map((restart) => drive(create, batchesOf(10, elements), restart))
        expect(cells).toEqual(warm)
        expect(changes).toEqual(warm)
      }),
    )
  })

  it('run only when there is data or it is due, it loses no change', () => {
    fc.assert(
      fc.property(inputs, sizes, filters, (elements, [length, slide], keep) => {
        const node = nodeOf(length * 10, slide * 10, keep)
        const batches = batchesOf(10, [...elements, ...new Array<undefined>(12).fill(undefined)])
        const wanted = expected(node, batches)
        const ran = driveDue(() => inverseWindow(node), batches)
        for (const { time, emitted } of ran) sameAs(asMap(emitted), wanted[time / 10 - 1])
        const times = new Set(ran.map(({ time }) => time))
        let before: KeyMap<number> | undefined = new KeyMap<number>()
        wanted.forEach((counts, i) => {
          if (counts === undefined) return
          if (JSON.stringify([...counts.values()]) !== JSON.stringify([...(before?.values() ?? [])])) {
            expect(times).toContain((i + 1) * 10)
          }
          before = counts
        })
        expect(Math.max(0, ...times)).toBeLessThanOrEqual((elements.length + length + slide) * 10)
      }),
    )
  })

  it('changes only what enters or leaves, and calls no function for the rest', () => {
    let calls = 0
    const base = nodeOf(20, 10)
    const node: InverseOver = {
      ...base,
      reduce: (a, b) => {
        calls++
        return base.reduce(a, b)
      },
      invReduce: (a, b) => {
        calls++
        return base.invReduce(a, b)
      },
    }
    const operator = inverseWindow(node)
    operator.run(10, [Array.from({ length: 1000 }, (_, i) => [i, 1])])
    for (const time of [20, 30, 40]) operator.run(time, [[]])
    operator.takeChanges()
    calls = 0
    operator.run(50, [[[7, 1]]])
    expect(calls).toBe(1)
    expect(operator.takeChanges().map(({ cell }) => cell)).toEqual([
      ['batch', 50],
      ['value', 7],
    ])
  })

  it('functions may change what they are given, and what they gave back', () => {
    const results: unknown[] = []
    const change = (a: unknown, by: number): unknown => {
      results.push(Object.assign(Object(a), { n: Object(a).n + by }))
      return a
    }
    const changing = (slide: number): InverseOver => ({
      ...nodeOf(40, slide),
      reduce: (a, b) => change(a, Object(b).n),
      invReduce: (a, b) => change(a, -Object(b).n),
    })
    const batches = batchesOf(
      10,
      [3, 1, 4, 1, 5, 9, 2, 6].map((n) => [['k', { n }]]),
    )
    const sums = [3, 4, 8, 9, 11, 19, 17, 22].map((n) => [['k', { n }]])
    for (const restart of RESTARTS) {
      expect(drive(() => inverseWindow(changing(10)), batches, restart)).toEqual(sums)
      const everySecond = sums.map((sum, i) => (i % 2 === 0 ? undefined : sum))
      expect(drive(() => inverseWindow(changing(20)), batches, restart)).toEqual(everySecond)
    }
    const operator = inverseWindow(changing(10))
    const emitted = batches.map(({ time, inputs }) => {
      const pairs = structuredClone(operator.run(time, inputs))
      for (const result of results) Object.assign(Object(result), { n: 99 })
      return pairs
    })
    expect(emitted).toEqual(sums)
  })

  it('forgets batches that have left, and keys that the filter dropped', () => {
    const operator = inverseWindow(nodeOf(20, 10, (value) => value !== 0))
    for (const { time, inputs } of batchesOf(10, [[['a', 1]], [['b', 1]], [], []])) operator.run(time, inputs)
    expect(snapshot(operator)).toEqual([])
    expect(operator.due(40)).toBeUndefined()
  })

  it('refuses cells that are not its own', () => {
    for (const cell of ['value', ['state', 'a'], ['batch', 'x']]) {
      expect(() => inverseWindow(nodeOf(10, 10)).restore({ cell, value: 1, deleted: false })).toThrow(UnknownCellError)
    }
  })
})
