// What users put into state and send through a shuffle comes back as it was.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decode, encode, pack, unpack } from '../../src/log/codec.ts'

const roundTrip = (value: unknown): unknown => decode('a test', encode(value)).value

it.each([
  ['a lone surrogate', '\ud800'],
  ['lone surrogates as keys', { '\udc00': 1, '\ud800': 2 }],
  [
    'a Map with object keys',
    new Map<unknown, unknown>([
      [{ a: 1 }, 'x'],
      ['\ud800', -0],
    ]),
  ],
  ['a Set', new Set(['a', '\ud800', 1n])],
  ['an own __proto__', JSON.parse('{"__proto__": {"x": 1}, "y": [{"__proto__": 2}]}')],
  ['-0', -0],
  ['-0 deep inside', [{ a: [-0, 0, Number.NaN] }]],
  ['undefined', [undefined, { a: undefined }]],
  ['a Date', new Date(1_700_000_000_123)],
  ['bigint', [1n, -(2n ** 63n), 2n ** 63n]],
  ['typed arrays', [new Float64Array([1.5, Number.NaN]), Uint8Array.of(0, 255)]],
  ['infinities', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
])('%s', (_, value) => {
  expect(roundTrip(value)).toStrictEqual(value)
})

it('leaves -0 as -0, which toStrictEqual tells apart', () => {
  expect(Object.is(unpack(pack(-0)), -0)).toBe(true)
  expect(Object.is(unpack(pack(0)), 0)).toBe(true)
})

it('anything of plain values', () => {
  const value = fc.anything({
    withBigInt: true,
    withMap: true,
    withSet: true,
    withDate: true,
    withTypedArray: false,
    maxDepth: 4,
    stringUnit: fc.string({ unit: 'binary', maxLength: 4 }),
  })
  fc.assert(
    fc.property(value, (one) => {
      expect(roundTrip(one)).toEqual(one)
    }),
    { numRuns: 500 },
  )
})

it('bytes that older code wrote as Buffers come back as arrays of their own', () => {
  const old = Uint8Array.of(0x91, 0xc4, 2, 1, 2) // [bin 8, two bytes]
  for (const from of [old, Buffer.from(old)]) {
    const [bytes] = [unpack(from)].flat()
    expect(bytes).toStrictEqual(Uint8Array.of(1, 2))
    if (!(bytes instanceof Uint8Array)) throw new Error('no bytes')
    expect([Buffer.isBuffer(bytes), bytes.buffer.byteLength]).toEqual([false, 2])
  }
})
