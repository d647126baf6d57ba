import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DecodeError, type Decoder, json, nullable, raw, text } from '../../src/index.ts'

const base64 = (bytes: string | readonly number[]): string =>
  (typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)).toString('base64')

function refusal(decoder: Decoder<unknown>, encoded: string | null): string {
  try {
    decoder.decode(encoded)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    expect(error).toMatchObject({ code: 'UNDECODABLE' })
    return error instanceof Error ? error.message : ''
  }
  return 'decoded'
}

describe('text()', () => {
  it.each([
    ['', ''],
    ['plain', 'plain'],
    ['ünï😀', 'ünï😀'],
    ['\u0000', '\u0000'],
    ['\ufeffBOM', '\ufeffBOM'],
    ['really \ufffd here', 'really \ufffd here'],
    ['\ufffd', '\ufffd'],
  ])('decodes %o', (source, expected) => {
    expect(text().decode(base64(source))).toBe(expected)
  })

  it.each([
    ['a lone byte', [0xff]],
    ['a cut character', [0x61, 0xe2, 0x82]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a long form', [0xc0, 0x80]],
    ['a bad byte next to a real U+FFFD', [0xef, 0xbf, 0xbd, 0xff]],
  ])('refuses bytes that are not UTF-8: %s', (_, bytes) => {
    expect(refusal(text(), base64(bytes))).toBe('not text: the bytes are not UTF-8; use raw() for binary values')
  })

  it.each(['YQ=', 'YQ', '?', '!!!!', 'YW!j', 'YW Jj', 'YWJj\n', 'YQ==YQ=='])(
    'refuses what is not base64: %o',
    (encoded) => {
      expect(refusal(text(), encoded)).toBe('not text: the event does not hold valid base64')
    },
  )

  it('refuses a tombstone and says how to allow them', () => {
    expect(refusal(text(), null)).toBe(
      'not text: there is no value (a tombstone); declare nullable(text()) if records may have none',
    )
  })

  it('decodes whatever Buffer encodes, small or large', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (source) => text().decode(base64(source)) === source))
    const large = 'ü'.repeat(200_000)
    expect(text().decode(base64(large))).toBe(large)
    expect(text().decode(base64('small again'))).toBe('small again')
  })
})

describe('raw()', () => {
  it('gives bytes of the record alone: what is decoded next does not change them', () => {
    const first = raw().decode(base64([1, 2, 3]))
    raw().decode(base64([9, 9, 9]))
    expect([...first]).toEqual([1, 2, 3])
    expect(first.buffer.byteLength).toBe(3)
  })

  it('decodes any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => Buffer.compare(raw().decode(base64([...bytes])), bytes) === 0))
  })

  it('refuses tombstones and damage', () => {
    expect(refusal(raw(), null)).toMatch(/^not raw: there is no value .*nullable\(raw\(\)\)/)
    expect(refusal(raw(), '?')).toBe('not raw: the event does not hold valid base64')
  })
})

describe('json()', () => {
  it.each([
    ['null', null],
    ['0', 0],
    [' {"a":[1,"ü"]} ', { a: [1, 'ü'] }],
    ['"\\ufffd"', '\ufffd'],
  ])('decodes %s', (source, expected) => {
    expect(json().decode(base64(source))).toEqual(expected)
  })

  it.each([
    ['', /^not json: SyntaxError: /],
    ['{', /^not json: SyntaxError: /],
    ["{'a':1}", /^not json: SyntaxError: /],
    ['\ufeff{}', /^not json: SyntaxError: /],
    ['NaN', /^not json: SyntaxError: /],
  ])('refuses %o', (source, message) => {
    expect(refusal(json(), base64(source))).toMatch(message)
  })

  it('refuses what is not UTF-8 before it parses', () => {
    expect(refusal(json(), base64([0x22, 0xff, 0x22]))).toMatch(/^not json: the bytes are not UTF-8/)
  })

  it("checks values against a schema, and gives the schema's output", () => {
    const order = json(z.object({ id: z.string(), cents: z.coerce.number().int() }))
    expect(order.decode(base64('{"id":"a","cents":"5","more":1}'))).toEqual({ id: 'a', cents: 5 })
    expect(refusal(order, base64('{"id":7,"cents":1}'))).toMatch(
      /^not json: the schema says id: Invalid input: expected string/,
    )
    expect(refusal(order, base64('[]'))).toMatch(/^not json: the schema says Invalid input: expected object/)
  })

  it('names where in a value the trouble is, and not more than three of them', () => {
    const deep = json(z.object({ rows: z.array(z.number()) }))
    expect(refusal(deep, base64('{"rows":[1,"x","y","z","w"]}'))).toMatch(
      /^not json: the schema says rows\.1: [^;]*; rows\.2: [^;]*; rows\.3: [^;]*$/,
    )
  })

  it('refuses a schema that validates asynchronously', () => {
    const slow = json(z.string().refine(async () => true))
    expect(refusal(slow, base64('"a"'))).toBe(
      'not json: the schema validates asynchronously; validate with mapAsync() instead',
    )
  })
})

describe('nullable()', () => {
  it('is null for a tombstone, and only for a tombstone', () => {
    expect(nullable(text()).decode(null)).toBeNull()
    expect(nullable(text()).decode('')).toBe('')
    expect(nullable(json()).decode(base64('null'))).toBeNull()
    expect(nullable(text()).format).toBe('nullable text')
    expect(refusal(nullable(json()), base64('x'))).toMatch(/^not json/)
  })
})
