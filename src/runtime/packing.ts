// Bodies inside commits, compressed.

import zlib from 'node:zlib'
import { inflate } from '../log/codec.ts'

/** Larger ones are staged however small they would be packed: zstd may turn gigabytes into that, and reading must have a bound. */
export const INLINE_UNPACKED_BYTES = 64 * 1024 * 1024

/** What this process has packed itself need not be inflated to be published: 4 to 12 % of a micro-batch with large inline parts. */
const unpacked = new WeakMap<Uint8Array, Uint8Array>()

export function packBody(body: Uint8Array): Uint8Array {
  const packed = zlib.zstdCompressSync(body, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } })
  unpacked.set(packed, body)
  return packed
}

/** @param what it is, for an error */
export function unpackBody(what: string, packed: Uint8Array): Uint8Array {
  return unpacked.get(packed) ?? inflate(what, packed, INLINE_UNPACKED_BYTES)
}
