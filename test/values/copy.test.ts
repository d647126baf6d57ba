import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CyclicValueError } from '../../src/errors/operator-errors.ts'
import { UnsavableValueError } from '../../src/errors/value-errors.ts'
import { decode, encode, pack } from '../../src/log/codec.ts'
import { copy, equal } from '../../src/values/copy.ts'

/** Every value that DESIGN §2a.1 lists, nested in every other. */
const { value: values } = fc.letrec<{ value: unknown; part: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('part'), ...composites(tie('value'))),
  part: fc.oneof(
    fc.constantFrom(null, undefined, true, false, -0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 5e-324),
    fc.double(),
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom('\ud800', '\udc00x', '', '\ufffd'),
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.date({ noInvalidDate: false }),
    ...[fc.uint8Array(), fc.uint8ClampedArray(), fc.uint16Array(), fc.uint32Array(), fc.bigUint64Array()],
    ...[fc.int8Array(), fc.int16Array(), fc.int32Array(), fc.bigInt64Array(), fc.float32Array(), fc.float64Array()],
  ),
}))

function composites(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown>[] {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('__proto__', 'constructor', 'toJSON', 'toString', 'length', '0', '\ud800'),
  )
  const entries = fc.array(fc.tuple(name, value), { maxLength: 4 })
  return [
    fc.array(value, { maxLength: 4 }),
    fc.sparseArray(value, { maxLength: 4 }),
    entries.map((all) => Object.fromEntries(all)),
    entries.map((all) => Object.setPrototypeOf(Object.fromEntries(all), null)),
    fc.array(fc.tuple(value, value), { maxLength: 3 }).map((all) => new Map(all)),
    fc.array(value, { maxLength: 3 }).map((all) => new Set(all)),
  ]
}

const restored = (value: unknown): unknown => decode('a test', encode(value)).value

describe('copy', () => {
  it('is what encoding and decoding gives (I8), and shares nothing with the original', () => {
    fc.assert(
      fc.property(values, (value) => {
        const copied = copy(value)
        deepStrictEqual(copied, restored(value)) // vitest's own goes by properties called constructor
        expect(pack(copied)).toEqual(pack(value))
        expect(equal(copied, value)).toBe(true)
        expect(sharedWith(copied, value)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('and equal is as fine as the bytes are', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(equal(a, b)).toBe(pack(a).equals(pack(b)))
      }),
      { numRuns: 1000 },
    )
  })

  it('takes objects with more properties than msgpack counts', () => {
    const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`p${i}`, i]))
    expect(copy(many)).toStrictEqual(restored(many))
  })

  it('makes undefined of holes, and no Buffer of bytes', () => {
    expect(copy(new Array(2))).toStrictEqual([undefined, undefined])
    expect(restored(new Array(2))).toStrictEqual([undefined, undefined])
    for (const bytes of [copy(Uint8Array.of(1)), restored(Uint8Array.of(1))]) expect(Buffer.isBuffer(bytes)).toBe(false)
  })

  it('refuses exactly what encoding refuses', () => {
    for (const no of [new URL('http://x'), () => 1, Symbol('x'), Buffer.of(1), new ArrayBuffer(1), new Date(0), /x/]) {
      const outcomes = [copy, pack].map((of) => {
        try {
          of({ no })
          return 'taken'
        } catch (error) {
          return error instanceof UnsavableValueError && error.path
        }
      })
      expect(outcomes[0]).toBe(outcomes[1])
    }
  })

  it('keeps a property called __proto__', () => {
    const copied = copy(JSON.parse('{"__proto__":{"x":1},"y":2}'))
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"x":1},"y":2}')
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

/** Whether any object or buffer of one is in the other. */
function sharedWith(a: unknown, b: unknown): boolean {
  const parts = (value: unknown, into = new Set<unknown>()): Set<unknown> => {
    if (typeof value !== 'object' || value === null || into.has(value)) return into
    into.add(value)
    if (ArrayBuffer.isView(value)) return into.add(value.buffer)
    if (value instanceof Map) for (const part of [...value].flat()) parts(part, into)
    else for (const part of value instanceof Set ? value : Object.values(value)) parts(part, into)
    return into
  }
  const others = parts(b)
  return [...parts(a)].some((part) => others.has(part))
}

describe('equal', () => {
  it.each<[unknown, unknown, boolean]>([
    [Number.NaN, Number.NaN, true],
    [0, -0, false],
    [1, 1n, false],
    [undefined, null, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, false],
    [new Array(2), [undefined, undefined], true],
    [new Set(['a', 'b']), new Set(['b', 'a']), false],
    [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
      false,
    ],
    [new Int8Array([1]), new Uint8Array([1]), false],
    [new Float64Array([0]), new Float64Array([-0]), false],
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
