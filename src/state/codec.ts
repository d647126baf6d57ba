// The bytes of a commit record: a 7-byte header and a msgpack body, compressed when that pays.
//
//   byte 0    0x4d, "M": anything else is not ours
//   byte 1    format version, FORMAT
//   byte 2    flags: 1 the body is compressed by zstd, 2 the body only names the object that holds the record (spilled)
//   byte 3-6  CRC-32 of bytes 0-2 and of the body as stored, big endian: a damaged item is a named error, never a wrong
//             answer (I7)

import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Packr } from 'msgpackr'
import { describeCause } from '../errors.ts'
import { faithful } from './faithful.ts'
import { UnreadableStateError } from './state-errors.ts'

/** Version of the layout above and of the records inside; raised when old code could not read new records. */
export const FORMAT = 1

const MAGIC = 0x4d
const HEADER_BYTES = 7
/**
 * An item below 1 KB costs one write unit however small it is, and starting zstd takes some 20 us: a quarter to a half of
 * the time of a small micro-batch (docs/bench.md).
 */
const COMPRESS_FROM_BYTES = 900
/** A body inflates to at most this: 6 MB of records, generously multiplied; more is damage or an attack. */
const MAX_BODY_BYTES = 512 * 1024 * 1024

const ZSTD = 1
const SPILLED = 2

const packr = new Packr({ useRecords: false, moreTypes: true, encodeUndefinedAsNil: false })

/** A value as msgpack, without header or compression. */
export function pack(value: unknown): Buffer {
  return packr.pack(faithful(value))
}

export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}

/** Encodes a value; `spilled` marks a pointer to the object that holds the real record. */
export function encode(value: unknown, spilled = false): Uint8Array {
  const packed = pack(value)
  // Level 1: a 15 KB body of text lines takes 57 us and 3.1 KB; deflate level 1 takes 43 us and 3.5 KB, level 6 137 us and 3.0 KB.
  const squeezed =
    packed.length >= COMPRESS_FROM_BYTES
      ? zstdCompressSync(packed, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      : packed
  const compressed = squeezed.length < packed.length
  const body = compressed ? squeezed : packed
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes[0] = MAGIC
  bytes[1] = FORMAT
  bytes[2] = (compressed ? ZSTD : 0) | (spilled ? SPILLED : 0)
  bytes.writeUInt32BE(checksum(bytes, body), 3)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

/**
 * Decodes what {@link encode} made.
 *
 * @param where what is being read, for the message.
 * @throws UnreadableStateError when the bytes are damaged, not ours, or of a newer format.
 */
export function decode(where: string, bytes: Uint8Array): { spilled: boolean; value: unknown } {
  const [magic, format, flags = 0] = bytes
  if (bytes.length < HEADER_BYTES || magic !== MAGIC)
    throw new UnreadableStateError(where, 'it is not a Millrace record')
  if (format !== FORMAT) {
    throw new UnreadableStateError(
      where,
      `it has format ${format} and this code reads format ${FORMAT}; deploy newer code`,
    )
  }
  const body = bytes.subarray(HEADER_BYTES)
  if (checksum(bytes, body) !== new DataView(bytes.buffer, bytes.byteOffset).getUint32(3)) {
    throw new UnreadableStateError(where, 'its checksum does not match, so it is damaged or truncated')
  }
  try {
    const packed = flags & ZSTD ? zstdDecompressSync(body, { maxOutputLength: MAX_BODY_BYTES }) : body
    return { spilled: (flags & SPILLED) !== 0, value: packr.unpack(packed) }
  } catch (cause) {
    throw new UnreadableStateError(where, describeCause(cause), { cause })
  }
}

function checksum(bytes: Uint8Array, body: Uint8Array): number {
  return crc32(body, crc32(bytes.subarray(0, 3)))
}
