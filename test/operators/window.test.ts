import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnknownCellError } from '../../src/errors/operator-errors.ts'
import type { Spans } from '../../src/operators/batch-times.ts'
import type { Elements } from '../../src/operators/operator.ts'
import { windowing } from '../../src/operators/window.ts'
import { type AtWork, atWork, type Batch, batchesOf, drive, driveDue, nobody, RESTARTS } from './drive.ts'

const nodeOf = (length: number, slide: number): Spans => ({ window: length, slide })
const window = (spans: Spans): AtWork => atWork(windowing({ spans, made: undefined }, nobody, undefined))

/** The definition: at multiples of the slide, all elements of the batches in (T - W, T]. */
function expected({ window: length, slide }: Spans, batches: readonly Batch[]): (Elements | undefined)[] {
  return batches.map(({ time }) => {
    if (time % slide !== 0) return undefined
    return batches.filter((b) => b.time > time - length && b.time <= time).flatMap((b) => b.inputs[0] ?? [])
  })
}

const inputs = fc.array(fc.option(fc.array(fc.nat(9), { maxLength: 3 }), { nil: undefined }), { maxLength: 20 })
const sizes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))

describe('window', () => {
  it.each<[name: string, length: number, slide: number, output: (Elements | undefined)[]]>([
    // Spark's WindowOperationsSuite: basic, tumbling, larger, non-overlapping windows over 0, 1, …
    ['basic', 20, 10, [['a'], ['a', 'b'], ['b', 'c'], ['c', 'd'], ['d'], []]],
    ['tumbling', 20, 20, [undefined, ['a', 'b'], undefined, ['c', 'd'], undefined, []]],
    ['larger', 40, 20, [undefined, ['a', 'b'], undefined, ['a', 'b', 'c', 'd'], undefined, ['c', 'd']]],
    ['with gaps', 10, 20, [undefined, ['b'], undefined, ['d'], undefined, []]],
  ])('%s', (_, length, slide, output) => {
    const batches = batchesOf(10, [['a'], ['b'], ['c'], ['d'], undefined, []])
    for (const restart of RESTARTS) expect(drive(() => window(nodeOf(length, slide)), batches, restart)).toEqual(output)
  })

  it('equals the definition, restarted or not', () => {
    fc.assert(
      fc.property(inputs, sizes, fc.constantFrom(...RESTARTS), (elements, [length, slide], restart) => {
        const node = nodeOf(length * 10, slide * 10)
        const batches = batchesOf(10, elements)
        expect(drive(() => window(node), batches, restart)).toEqual(expected(node, batches))
      }),
    )
  })

  it('is due while it holds elements, and once more', () => {
    fc.assert(
      fc.property(inputs, sizes, (elements, [length, slide]) => {
        const node = nodeOf(length * 10, slide * 10)
        const batches = batchesOf(10, [...elements, ...new Array<undefined>(20).fill(undefined)])
        const all = expected(node, batches)
        const ran = driveDue(() => window(node), batches)
        const times = new Set(ran.map(({ time }) => time))
        for (const { time, emitted } of ran) expect(emitted).toEqual(all[time / 10 - 1])
        let before = 0
        all.forEach((content, i) => {
          if (content === undefined) return
          if (content.length > 0 || before > 0) expect(times).toContain((i + 1) * 10)
          before = content.length
        })
        // Nothing runs for ever: the last run is at most a window and a slide after the last data.
        expect(Math.max(0, ...times)).toBeLessThanOrEqual((elements.length + length + slide) * 10)
      }),
    )
  })

  it('emits what came in, whatever users do to it', () => {
    const operator = window(nodeOf(20, 10))
    const element = { n: 1 }
    operator.run(10, [[element]])
    element.n = 2
    const emitted = operator.run(20, [[]])
    expect(emitted).toEqual([{ n: 1 }])
    expect(emitted?.[0]).not.toBe(operator.run(20, [[]])?.[0])
  })

  it('keeps no batch that no window holds', () => {
    const operator = window(nodeOf(10, 20))
    operator.run(10, [['between windows']])
    expect([operator.takeChanges(), operator.due(10)]).toEqual([[], undefined])
  })

  it('refuses cells that are not its own', () => {
    for (const cell of ['batch', ['batch', 'x'], ['value', 1]]) {
      expect(() => window(nodeOf(10, 10)).restore({ cell, value: [], deleted: false })).toThrow(UnknownCellError)
    }
    expect(() => window(nodeOf(10, 10)).restore({ cell: ['batch', 10], value: 1, deleted: false })).toThrow(
      '[the string "batch", the number 10]',
    )
  })
})
