// What every object store has in common: which keys S3 takes, and the order in which it lists them.

import { InvalidOptionError } from '../errors/errors.ts'
import type { ObjectRef } from './object-store.ts'

/** S3's limit for a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024

/**
 * Refuses keys that S3 has no way to hold, in every store alike, so that a test in memory finds them.
 *
 * @throws InvalidOptionError
 */
export function checkObjectRef({ bucket, key }: ObjectRef): void {
  const problem =
    bucket === ''
      ? 'the name of the bucket is empty'
      : key === ''
        ? 'the key is empty'
        : !key.isWellFormed() || !bucket.isWellFormed()
          ? 'it contains half of a surrogate pair, which has no UTF-8'
          : key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES
            ? `the key has ${Buffer.byteLength(key)} bytes, and S3 takes ${MAX_KEY_BYTES}`
            : undefined
  if (problem === undefined) return
  throw new InvalidOptionError(
    `No object can be called s3://${bucket}/${key.slice(0, 80)}: ${problem}. Check the prefix that the job saves under, ` +
      'and escape or shorten what is put into it from data.',
  )
}

/**
 * Orders strings as their UTF-8 bytes would be ordered. JavaScript compares UTF-16 units, which puts surrogates (code
 * points from U+10000) before U+E000 to U+FFFF; everything else agrees.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
