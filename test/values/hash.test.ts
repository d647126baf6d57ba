import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidKeyError } from '../../src/errors/operator-errors.ts'
import { bucketOf, hashOf } from '../../src/values/hash.ts'
import { anyKey, twin } from '../operators/keys.ts'

/** MurmurHash3 x86_32 as its author wrote it, over bytes. */
function murmur3(bytes: Buffer, seed: number): number {
  const scramble = (k: number) =>
    Math.imul((Math.imul(k, 0xcc9e2d51) << 15) | (Math.imul(k, 0xcc9e2d51) >>> 17), 0x1b873593)
  let h = seed
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    h ^= scramble(bytes.readInt32LE(i))
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let j = bytes.length - 1; j >= i; j--) tail = (tail << 8) | (bytes[j] ?? 0)
  if (bytes.length > i) h ^= scramble(tail)
  h ^= bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function hasMissing(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return key === undefined
  return Object.values(key).some(hasMissing)
}

describe('bucketOf', () => {
  it('equal keys, equal buckets', () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 300 }), (key, n) => {
        expect(hashOf(key)).toBe(hashOf(twin(key)))
        fc.pre(!hasMissing(key))
        const bucket = bucketOf(key, n)
        expect(bucket).toBe(bucketOf(twin(key), n))
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < n).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is MurmurHash3 of the UTF-16LE bytes of a string', () => {
    expect(murmur3(Buffer.from('Hello, world!'), 1234)).toBe(0xfaf6cdb3) // Published vectors: the check is checked.
    expect(murmur3(Buffer.from('aaa'), 0x9747b28c)).toBe(0x283e0130)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(hashOf(text)).toBe(murmur3(Buffer.from(text, 'utf16le'), 0))
      }),
    )
  })

  it('is MurmurHash3 of the double of a number', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const bytes = Buffer.alloc(8)
        bytes.writeDoubleLE(value === 0 ? 0 : value)
        if (Number.isNaN(value)) bytes.writeBigUInt64LE(0x7ff8000000000000n)
        expect(hashOf(value)).toBe(murmur3(bytes, 1))
      }),
    )
  })

  // For ever: state of deployed jobs lies where these say. Never change a number here.
  it.each<[unknown, number]>([
    ['', 0],
    ['a', 1867108634],
    ['hello', 3619887497],
    ['\ud83d\ude00', 1443257913],
    ['\ud800', 23418209],
    ['__proto__', 4161901363],
    [0, 3935659133],
    [1, 1096108556],
    [-1, 2728933689],
    [0.1, 3272091764],
    [Number.NaN, 1265848112],
    [1n, 3233282310],
    [null, 3043723431],
    [undefined, 565493950],
    [true, 2037469938],
    [['a', 1], 600371204],
    [{ origin: 'SFO', hour: 7 }, 1704950328],
  ])('%o stays where it is', (key, hash) => {
    expect(hashOf(key)).toBe(hash)
  })

  it.each<[string, (i: number) => unknown]>([
    ['words', (i) => `word${i}`],
    ['long strings with a common prefix', (i) => `${'x'.repeat(2048)}${i}`],
    ['integers', (i) => i],
    ['multiples of 1024', (i) => i * 1024],
    ['fractions', (i) => i / 7],
    ['tuples', (i) => ['SFO', i]],
    ['objects', (i) => ({ origin: `A${i % 100}`, hour: i })],
    ['bigints', (i) => BigInt(i)],
  ])('spreads %s', (_, keyAt) => {
    const total = 10_000
    const hashes = Array.from({ length: total }, (_, i) => hashOf(keyAt(i)))
    for (const n of [2, 3, 8, 32, 100]) {
      const counts = new Array<number>(n).fill(0)
      for (const hash of hashes) counts[hash % n] = (counts[hash % n] ?? 0) + 1
      const expected = total / n
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      // Mean n - 1, deviation sqrt(2 (n - 1)): five deviations, and the hash is fixed, so this never flakes.
      expect(chiSquare).toBeLessThan(n - 1 + 5 * Math.sqrt(2 * (n - 1)))
    }
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'key'],
    ['a tuple with undefined', ['a', undefined], 'key[1]'],
    ['an object with undefined', { a: { b: undefined } }, 'key.a.b'],
    ['an array with a hole', new Array(1), 'key[0]'],
  ])('refuses %s, and says what is missing', (_, key, path) => {
    const missing = expect.stringMatching(/A field is missing there.*filter/)
    expect(() => bucketOf(key, 4)).toThrow(expect.objectContaining({ code: 'INVALID_KEY', path, message: missing }))
  })

  it.each([['undefined'], [['undefined', null]], [{ undefined: 1 }]])('takes %j', (key) => {
    expect(bucketOf(key, 1)).toBe(0)
  })

  it.each([[() => 1], [new Date()], [Symbol('x')]])('refuses %o', (key) => {
    expect(() => bucketOf(key, 1)).toThrow(InvalidKeyError)
  })
})
