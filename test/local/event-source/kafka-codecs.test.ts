// What the codecs of Java's client make, byte for byte (fixtures of lz4-java 1.8.0 and snappy-java 1.1.10.7), and damage.
// On real Kafka: test/integration/poller/kafka-source.test.ts.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnreadableBatchError } from '../../../src/errors/stand-in-errors.ts'
import { unlz4, unsnap } from '../../../src/local/event-source/kafka-codecs.ts'
import { lz4, snap } from '../../../src/local/event-source/kafka-compress.ts'

const file = gunzipSync(readFileSync(new URL('./fixtures/compressed.txt.gz', import.meta.url))).toString()
const fixtures = new Map(
  file
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', , base64 = ''] = line.split(' ')
      return [name, Buffer.from(base64, 'base64')]
    }),
)
const compressed = (name: string): Buffer => fixtures.get(name) ?? Buffer.alloc(0)

const text = Buffer.from(
  `${Array.from({ length: 12_000 }, (_, i) => `line ${i % 100}\n`).join('')}${'a'.repeat(70_000)}`,
)
const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 37 + 11) % 256))

it.each([
  ['xerial', unsnap, text],
  ['raw', unsnap, text],
  ['rawstored', unsnap, bytes],
  ['rawempty', unsnap, Buffer.alloc(0)],
  ['lz4', unlz4, text],
  ['lz4sums', unlz4, text],
  ['lz4stored', unlz4, bytes],
  ['lz4empty', unlz4, Buffer.alloc(0)],
] as const)('%s', (name, decompress, expected) => {
  expect(decompress(compressed(name)).equals(expected)).toBe(true)
})

it('two frames of LZ4 one after the other are one text', () => {
  const twice = Buffer.concat([compressed('lz4stored'), compressed('lz4stored')])
  expect(unlz4(twice).equals(Buffer.concat([bytes, bytes]))).toBe(true)
})

it.each([
  ['xerial', unsnap],
  ['raw', unsnap],
  ['lz4', unlz4],
] as const)('damaged %s is read as something or refused by name, and never reads for ever', (name, decompress) => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), fc.boolean(), (position, value, cut) => {
      const damaged = Buffer.from(compressed(name))
      const at = position % damaged.length
      damaged[at] = value
      try {
        decompress(cut ? damaged.subarray(0, at) : damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableBatchError)
      }
    }),
    { numRuns: 300 },
  )
})

describe.each([
  ['snappy', snap, unsnap],
  ['lz4', lz4, unlz4],
] as const)('%s as it is written', (_, compress, decompress) => {
  it.each([
    ['a text that repeats itself', text],
    ['bytes that do not', bytes],
    ['nothing', Buffer.alloc(0)],
    ['one byte over and over', Buffer.alloc(200_000, 7)],
  ])('%s', (__, whole) => {
    const small = compress(whole)
    expect(decompress(small).equals(whole)).toBe(true)
    if (whole.length > 1000) expect(small.length).toBeLessThan(whole.length / 10)
  })

  it('whatever it is', () => {
    const repeating = fc
      .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })), {
        maxLength: 30,
      })
      .map((parts) => Buffer.concat(parts.flatMap(([part, times]) => Array(times).fill(Buffer.from(part)))))
    fc.assert(fc.property(repeating, (whole) => decompress(compress(whole)).equals(whole)))
  })
})
