// What the codecs of Java's client make, byte for byte (fixtures of lz4-java 1.8.0 and snappy-java 1.1.10.7), and damage.
// On real Kafka: test/integration/poller/kafka-source.test.ts.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { UnreadableBatchError } from '../../../src/errors/stand-in-errors.ts'
import { unlz4, unsnap } from '../../../src/local/event-source/kafka-codecs.ts'

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
