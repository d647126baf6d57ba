import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, FORMAT } from '../../src/state/codec.ts'
import { UnreadableStateError } from '../../src/state/state-errors.ts'

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

function read(bytes: Uint8Array): unknown {
  try {
    return decode('it', bytes)
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
      'its checksum does not match, so it is damaged or truncated',
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
})
