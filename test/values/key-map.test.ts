import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidKeyError } from '../../src/errors/operator-errors.ts'
import { canonicalKey } from '../../src/values/canonical-key.ts'
import { KeyMap } from '../../src/values/key-map.ts'
import { anyKey, twin } from '../operators/keys.ts'

/** Equality by value, stated another way: deep equality, once -0 is 0. */
function sameKey(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutMinusZero(a), withoutMinusZero(b))
}

function withoutMinusZero(key: unknown): unknown {
  if (key === 0) return 0
  if (Array.isArray(key)) return key.map(withoutMinusZero)
  if (typeof key !== 'object' || key === null) return key
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, withoutMinusZero(value)]))
}

describe('keys by value', () => {
  it('two keys are one exactly when they are deeply equal', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(new KeyMap<number>().set(a, 1).has(b)).toBe(sameKey(a, b))
        expect(canonicalKey(a) === canonicalKey(b)).toBe(sameKey(a, b))
      }),
      { numRuns: 2000 },
    )
  })

  it('finds a key by its twin, and behaves like a list of entries', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), anyKey)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const map = new KeyMap<number>()
        let list: (readonly [unknown, number])[] = []
        steps.forEach(([action, key], i) => {
          const at = list.findIndex(([known]) => sameKey(known, key))
          if (action === 'delete') {
            expect(map.delete(twin(key))).toBe(at >= 0)
            list = list.toSpliced(at < 0 ? list.length : at, 1)
          } else {
            map.set(key, i)
            list = at < 0 ? [...list, [key, i]] : list.with(at, [list[at]?.[0], i])
          }
        })
        expect(map.size).toBe(list.length)
        expect([...map].map(([key, value]) => [withoutMinusZero(key), value])).toEqual(
          list.map(([key, value]) => [withoutMinusZero(key), value]),
        )
        for (const [key, value] of list) expect(map.get(twin(key))).toBe(value)
      }),
    )
  })

  it.each([
    ['1', 1],
    [1, 1n],
    ['null', null],
    [null, undefined],
    ['["a"]', ['a']],
    [['a', 'b'], ['a,b']],
    [
      [['a'], 'b'],
      ['a', ['b']],
    ],
    [{}, []],
    [{ a: 1 }, '{"a":1}'],
    [{ a: undefined }, {}],
    ['\ud800', '\udc00'],
    [['\ud800'], ['\ufffd']],
    [true, 'true'],
  ])('%o is not %o', (a, b) => {
    const map = new KeyMap<string>().set(a, 'a').set(b, 'b')
    expect([map.size, map.get(a), map.get(b)]).toEqual([2, 'a', 'b'])
  })

  it.each([
    [Number.NaN, Number.NaN],
    [0, -0],
    [[0], [-0]],
    [
      { a: 1, b: [2n] },
      { b: [2n], a: 1 },
    ],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('%o is %o', (a, b) => {
    expect(new KeyMap<number>().set(a, 1).get(b)).toBe(1)
  })

  it('keeps `__proto__` a key like any other', () => {
    const map = new KeyMap<number>().set('__proto__', 1).set(JSON.parse('{"__proto__":2}'), 2)
    expect(map.get('__proto__')).toBe(1)
    expect(map.get({})).toBeUndefined()
  })

  it('is empty after clear, and iterates over what is left', () => {
    const map = new KeyMap<number>().set('a', 1).set([1], 2)
    expect([...map.keys()]).toEqual(['a', [1]])
    expect([...map.values()]).toEqual([1, 2])
    map.clear()
    expect([map.size, map.has([1]), map.has('a')]).toEqual([0, false, false])
  })
})

describe('invalid keys', () => {
  class Point {}
  const cycle: unknown[] = ['a']
  cycle.push({ back: cycle })

  it.each([
    [() => 1, 'key is a function'],
    [Symbol('s'), 'key is a symbol'],
    [new Date(0), 'key is a Date'],
    [new Map(), 'key is a Map'],
    [[1, { 'the when': new Date(0) }], 'key[1]["the when"] is a Date'],
    [{ a: [new Point()] }, 'key.a[0] is a Point'],
    [cycle, 'key[1].back is a cycle'],
    [Buffer.from('a'), 'key is a Buffer'],
    [{ [Symbol.iterator]: 1 }, 'key is an object with a symbol for a property'],
  ])('%o', (key, problem) => {
    const map = new KeyMap<number>()
    for (const use of [() => map.get(key), () => map.has(key), () => map.set(key, 1), () => map.delete(key)]) {
      expect(use).toThrow(InvalidKeyError)
      expect(use).toThrow(`${problem}. Keys are compared by value`)
    }
  })

  it('the same object twice is no cycle', () => {
    const shared = { a: 1 }
    expect(canonicalKey([shared, shared])).toBe('[{"a":1},{"a":1}]')
  })
})
