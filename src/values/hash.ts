// Which bucket a key goes to. For ever: saved state lies in the buckets that this chose, so the hash may never change
// (test/values/hash.test.ts holds fixed vectors). It is MurmurHash3 x86_32, for its spread and because anybody can check it:
//
//   a string            its UTF-16LE bytes, seed 0
//   a number            the eight bytes of the IEEE double, little endian, seed 1; -0 as 0, every NaN as 0x7ff8000000000000
//   anything else       the UTF-16LE bytes of its canonical text, seed 2

import { canonicalKey, isComposite, refuseMissing } from './canonical-key.ts'

/**
 * The bucket of a key, `0..numPartitions-1`. Every key on its way to an operator comes through here.
 *
 * @throws InvalidKeyError when the key cannot be compared by value, or when `undefined` is in it: a field that is missing.
 */
export function bucketOf(key: unknown, numPartitions: number): number {
  const hash = hashOf(key)
  if (key === undefined || isComposite(key)) refuseMissing(key)
  return hash % numPartitions
}

/** The hash of a key, an unsigned 32-bit number; equal for keys that are equal by value. */
export function hashOf(key: unknown): number {
  if (typeof key === 'string') return hashOfText(key, 0)
  return typeof key === 'number' ? hashOfNumber(key) : hashOfText(canonicalKey(key), 2)
}

/** Two UTF-16 code units are one 32-bit block: no bytes are ever made. */
function hashOfText(text: string, seed: number): number {
  let hash = seed
  const even = text.length & ~1
  for (let i = 0; i < even; i += 2) hash = mix(hash, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  if (even < text.length) hash ^= scramble(text.charCodeAt(even))
  return finish(hash, text.length * 2)
}

const double = new DataView(new ArrayBuffer(8))

function hashOfNumber(value: number): number {
  double.setFloat64(0, value === 0 ? 0 : value, true)
  const low = Number.isNaN(value) ? 0 : double.getInt32(0, true)
  const high = Number.isNaN(value) ? 0x7ff80000 : double.getInt32(4, true)
  return finish(mix(mix(1, low), high), 8)
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

function mix(hash: number, block: number): number {
  const mixed = hash ^ scramble(block)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number, bytes: number): number {
  let h = hash ^ bytes
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
