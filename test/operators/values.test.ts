import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CyclicValueError } from '../../src/operators/operator-errors.ts'
import { copy, equal } from '../../src/operators/values.ts'

const plain = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: false })

describe('copy', () => {
  it('is equal and shares nothing', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const copied = copy(value)
        expect(copied).toStrictEqual(value)
        expect(equal(copied, value)).toBe(true)
        if (typeof value === 'object' && value !== null) expect(copied).not.toBe(value)
      }),
    )
  })

  it('keeps a property called __proto__', () => {
    const copied = copy(JSON.parse('{"__proto__":{"x":1},"y":2}'))
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"x":1},"y":2}')
  })

  it('makes of an instance what a restart makes of it', () => {
    class Point {
      x = 1
    }
    expect(copy({ at: new Point(), bytes: new Uint8Array([1, 2]) })).toStrictEqual({
      at: { x: 1 },
      bytes: new Uint8Array([1, 2]),
    })
  })

  it('names the place of a cycle', () => {
    const child: Record<string, unknown> = { name: 'child' }
    const parent = { children: [{}, new Map([['first', child]])] }
    child.parent = parent
    expect(() => copy(parent)).toThrow(CyclicValueError)
    expect(() => copy(parent)).toThrow('value.children[1][0].parent is an object that contains it')
    expect(copy([child.name, child.name])).toEqual(['child', 'child'])
  })
})

describe('equal', () => {
  it.each<[unknown, unknown, boolean]>([
    [Number.NaN, Number.NaN, true],
    [0, -0, false],
    [1, 1n, false],
    [undefined, null, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, false],
    [{ a: undefined }, { b: undefined }, false],
    [[1], [1, 2], false],
    [[undefined], [], false],
    [[], {}, false],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
    [new Date(1), new Date(1), true],
    [new Date(1), new Date(2), false],
    [new Date(1), {}, false],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]), true],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]), false],
    [new Set([1]), new Set([2]), false],
    [new Uint8Array([1]), new Uint8Array([1]), true],
    [new Uint8Array([1]), new Uint8Array([2]), false],
  ])('%o and %o: %s', (a, b, same) => {
    expect([equal(a, b), equal(b, a)]).toEqual([same, same])
  })
})
