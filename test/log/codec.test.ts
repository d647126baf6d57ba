import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnreadableStateError } from '../../src/errors/state-errors.ts'
import { checkLength, decode, encode, FORMAT, inflate, MAX_BODY_BYTES, stamp } from '../../src/log/codec.ts'
import { MAX_DEPTH } from '../../src/values/faithful.ts'

/** What records are made of: plain values, bytes, and texts and names of users' making. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constantFrom(null, undefined, '', '__proto__', 'constructor', Number.POSITIVE_INFINITY),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value

/** Bytes come back as Buffers, which are Uint8Arrays: compared by what they hold. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  return value
}

function read(bytes: Uint8Array, place?: string): unknown {
  try {
    return decode('it', bytes, place)
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableStateError)
    return 'unreadable'
  }
}

describe('the codec', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(values, fc.boolean(), (value, spilled) => {
        const decoded = decode('it', encode(value, spilled))
        expect(decoded.spilled).toBe(spilled)
        expect(plain(decoded.value)).toEqual(plain(value))
      }),
    )
  })

  it('compresses what gets smaller by it', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i} of the same text`)
    expect(encode(lines).length).toBeLessThan(JSON.stringify(lines).length / 4)
    expect(decode('it', encode(lines)).value).toEqual(lines)
  })

  it('is the same for the same value: equal bytes mean an equal record', () => {
    fc.assert(fc.property(values, (value) => Buffer.compare(encode(value), encode(structuredClone(value))) === 0))
  })

  it('never takes bytes for another value when any of them has changed', () => {
    const bytesAndPlace = values.chain((value) => {
      const bytes = encode(value)
      return fc.tuple(fc.constant(bytes), fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }))
    })
    fc.assert(
      fc.property(bytesAndPlace, ([bytes, place, flip]) => {
        const damaged = Uint8Array.from(bytes)
        damaged[place] = (damaged[place] ?? 0) ^ flip
        expect(read(damaged)).toBe('unreadable')
      }),
      { numRuns: 500 },
    )
  })

  it('never takes a part of the bytes, or more than them, for a value', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }), (value, at, more) => {
        const bytes = encode(value)
        expect(read(bytes.subarray(0, at % bytes.length))).toBe('unreadable')
        expect(read(Buffer.concat([bytes, more]))).toBe('unreadable')
      }),
    )
  })

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'Cannot read version 3: it is not a Millrace record.'],
    ['something else', Buffer.from('{"json":true}'), 'it is not a Millrace record'],
    [
      'a newer format',
      Uint8Array.from(encode(1), (byte, i) => (i === 1 ? FORMAT + 1 : byte)),
      `it has format ${FORMAT + 1} and this code reads format ${FORMAT}; deploy newer code`,
    ],
    [
      'a damaged body',
      Uint8Array.from(encode('x'), (byte, i) => (i === 7 ? byte ^ 1 : byte)),
      'its checksum does not match, so it is damaged, truncated, or belongs elsewhere',
    ],
    [
      'an older format',
      Uint8Array.from(encode(1), (byte, i) => (i === 1 ? FORMAT - 1 : byte)),
      `it has format ${FORMAT - 1} and this code reads format ${FORMAT}; deploy the code that wrote it`,
    ],
    [
      'flags of nobody',
      stamp(
        Uint8Array.from(encode(1), (byte, i) => (i === 2 ? 4 : byte)),
        '',
      ),
      'its flags 4 mean nothing to this code',
    ],
  ])('says what is wrong with %s', (_, bytes, problem) => {
    expect(() => decode('version 3', bytes)).toThrow(problem)
    expect(() => decode('version 3', bytes)).toThrow('Nothing was changed. Restore')
  })

  it('reads bytes that lie inside of others, as DynamoDB returns them', () => {
    const bytes = encode({ a: 1 })
    const inside = Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3)
    expect(decode('it', inside).value).toEqual({ a: 1 })
  })

  it('is bound to a place: nothing is read at another one', () => {
    fc.assert(
      fc.property(values, fc.string(), fc.string(), (value, place, other) => {
        const bytes = encode(value, false, place)
        expect(plain(decode('it', bytes, place).value)).toEqual(plain(value))
        if (other !== place) expect(read(bytes, other)).toBe('unreadable')
        expect(plain(decode('it', stamp(bytes, other), other).value)).toEqual(plain(value))
      }),
    )
  })

  it('does not inflate more than it would ever have written', () => {
    const bomb = zstdCompressSync(Buffer.alloc(MAX_BODY_BYTES + 1))
    expect(bomb.length).toBeLessThan(100_000)
    const bytes = stamp(Buffer.concat([Buffer.from([0x4d, FORMAT, 1, 0, 0, 0, 0]), bomb]), '')
    expect(() => decode('version 3', bytes)).toThrow(/^Cannot read version 3: .*RangeError/)
  }, 120_000)

  it('inflates up to a bound that others may set', () => {
    expect(() => inflate('it', zstdCompressSync(Buffer.alloc(1001)), 1000)).toThrow(UnreadableStateError)
    expect(inflate('it', zstdCompressSync(Buffer.alloc(1000)), 1000)).toHaveLength(1000)
  })

  it('writes nothing that it would not read', () => {
    expect(() => checkLength(MAX_BODY_BYTES)).not.toThrow()
    expect(() => checkLength(MAX_BODY_BYTES + 1)).toThrow(
      expect.objectContaining({ code: 'STATE_TOO_LARGE', max: MAX_BODY_BYTES }),
    )
  })
})

const nested = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = wrap(value)
  return value
}

describe('a value that would not come back', () => {
  const wraps: readonly ((inner: unknown) => unknown)[] = [
    (inner) => [inner],
    (inner) => ({ inner }),
    (inner) => new Map([['inner', inner]]),
    (inner) => new Set([inner]),
  ]

  it.each(wraps.map((wrap) => [String(wrap), wrap] as const))('is nested too deep: %s', (_, wrap) => {
    const deep = nested(MAX_DEPTH, wrap)
    expect(encode(decode('it', encode(deep)).value)).toEqual(encode(deep))
    for (const depth of [MAX_DEPTH + 1, 100_000]) {
      expect(() => encode(nested(depth, wrap))).toThrow(
        `A value cannot be saved: it is nested more than ${MAX_DEPTH} levels deep, or contains itself`,
      )
    }
  })

  it('contains itself', () => {
    const cycle: unknown[] = []
    cycle.push({ cycle })
    expect(() => encode(cycle)).toThrow(expect.objectContaining({ code: 'UNSAVABLE_VALUE' }))
  })

  it.each<[string, unknown]>([
    ['a function', { a: [() => 1] }],
    ['a symbol', [Symbol('s')]],
    [
      'a getter that throws',
      {
        get broken() {
          throw new Error('boo')
        },
      },
    ],
  ])('holds %s', (_, value) => {
    expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'UNSAVABLE_VALUE' }))
  })

  it('is not one with very many properties', () => {
    const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, -0]))
    expect(decode('it', encode([many])).value).toEqual([many])
  })
})
