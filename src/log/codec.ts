// The bytes of a commit record: a 7-byte header and a msgpack body, compressed when that pays.
//
//   byte 0    0x4d, "M": anything else is not ours
//   byte 1    format version, FORMAT
//   byte 2    flags: 1 the body is compressed by zstd, 2 the body only names the object that holds the record (spilled)
//   byte 3-6  CRC-32 of the place where the record belongs, of bytes 0-2 and of the body as stored, big endian: one that is
//             damaged, or lies where another belongs, is a named error, never a wrong answer (I7)
//
// The place is a text that is not stored: whoever reads knows it. Of a log entry it is the log's key and the version, of an
// object its key.

import zlib from 'node:zlib'
import { Packr } from '#msgpackr'
import { describeCause } from '../errors/errors.ts'
import { StateTooLargeError, UnreadableStateError } from '../errors/state-errors.ts'
import { faithful } from '../values/faithful.ts'
import { refused } from '../values/unsavable.ts'

/** Version of the layout above and of the records inside; raised when old code could not read new records, or new code old ones. */
export const FORMAT = 2

const MAGIC = 0x4d
const CHECKSUM_AT = 3
const HEADER_BYTES = 7
/**
 * An item below 1 KB costs one write unit however small it is, and starting zstd takes some 20 us: a quarter to a half of
 * the time of a small micro-batch (docs/bench.md).
 */
const COMPRESS_FROM_BYTES = 900
/**
 * What inflates to more was not written here: it is refused before it takes the memory (a function has 10 GB at most, and an
 * attacker's item of 400 KB may stand for hundreds). Nothing larger is written either, since nobody could read it.
 */
export const MAX_BODY_BYTES = 512 * 1024 * 1024

const ZSTD = 1
const SPILLED = 2

const packr = new Packr({ useRecords: false, moreTypes: true, encodeUndefinedAsNil: false, copyBuffers: true })

/**
 * A value as msgpack, without header or compression.
 *
 * @throws UnsavableValueError
 */
export function pack(value: unknown): Buffer {
  try {
    return packr.pack(faithful(value))
  } catch (cause) {
    throw refused(value, cause)
  }
}

/** Bytes in it are arrays of their own, and never Buffers: msgpackr slices what it reads from, and gives what that is. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
}

/** Elements on their way to a function of the job, in a commit. @throws UnsavableValueError */
export function packElements(elements: readonly unknown[]): Uint8Array {
  return pack(elements)
}

/** @throws UnreadableStateError when it is no list. */
export function unpackElements(bytes: Uint8Array): readonly unknown[] {
  const elements = unpack(bytes)
  if (Array.isArray(elements)) return elements
  throw new UnreadableStateError('what a commit promises to a function of the job', 'it is no list of elements')
}

/**
 * Encodes a value.
 *
 * @param spilled marks a pointer to the object that holds the real record.
 * @param place where it belongs; `stamp` changes it.
 * @throws UnsavableValueError, StateTooLargeError before anything is written.
 */
export function encode(value: unknown, spilled = false, place = ''): Uint8Array {
  const packed = pack(withPlainBodies(value))
  checkLength(packed.length)
  // Level 1: a 15 KB body of text lines takes 57 us and 3.1 KB; deflate level 1 takes 43 us and 3.5 KB, level 6 137 us and 3.0 KB.
  const squeezed =
    packed.length >= COMPRESS_FROM_BYTES
      ? zlib.zstdCompressSync(packed, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } })
      : packed
  const compressed = squeezed.length < packed.length
  const body = compressed ? squeezed : packed
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes[0] = MAGIC
  bytes[1] = FORMAT
  bytes[2] = (compressed ? ZSTD : 0) | (spilled ? SPILLED : 0)
  bytes.set(body, HEADER_BYTES)
  return stamp(bytes, place)
}

/** What a commit promises are bytes of our own, and may be Buffers, which values must not hold. */
function withPlainBodies(record: unknown): unknown {
  if (typeof record !== 'object' || record === null || !('outbox' in record) || !Array.isArray(record.outbox))
    return record
  const plain = (effect: Readonly<Record<string, unknown>>) => {
    const { body } = effect
    return Buffer.isBuffer(body)
      ? { ...effect, body: new Uint8Array(body.buffer, body.byteOffset, body.length) }
      : effect
  }
  return { ...record, outbox: record.outbox.map(plain) }
}

/** @throws StateTooLargeError */
export function checkLength(bytes: number): void {
  if (bytes > MAX_BODY_BYTES) throw new StateTooLargeError(bytes, MAX_BODY_BYTES)
}

/** Binds encoded bytes, in place, to where they belong. */
export function stamp(bytes: Uint8Array, place: string): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(CHECKSUM_AT, checksum(bytes, place))
  return bytes
}

/**
 * Decodes what {@link encode} made.
 *
 * @param where what is being read, for the message.
 * @param place where it was found, as `encode` or `stamp` was told.
 * @throws UnreadableStateError when the bytes are damaged, not ours, not of this place, or of another format.
 */
export function decode(where: string, bytes: Uint8Array, place = ''): { spilled: boolean; value: unknown } {
  const { spilled, packed } = bodyOf(where, bytes, place)
  try {
    return { spilled, value: unpack(packed) }
  } catch (cause) {
    throw new UnreadableStateError(where, describeCause(cause), { cause })
  }
}

/** As {@link decode}, but what it holds stays msgpack: for who does not want all of it as objects at once. */
export function bodyOf(where: string, bytes: Uint8Array, place = ''): { spilled: boolean; packed: Uint8Array } {
  const [magic, format = 0, flags = 0] = bytes
  if (bytes.length < HEADER_BYTES || magic !== MAGIC)
    throw new UnreadableStateError(where, 'it is not a Millrace record')
  if (format !== FORMAT) {
    const advice = format > FORMAT ? 'deploy newer code' : 'deploy the code that wrote it'
    throw new UnreadableStateError(where, `it has format ${format} and this code reads format ${FORMAT}; ${advice}`)
  }
  if (checksum(bytes, place) !== new DataView(bytes.buffer, bytes.byteOffset).getUint32(CHECKSUM_AT)) {
    throw new UnreadableStateError(
      where,
      'its checksum does not match, so it is damaged, truncated, or belongs elsewhere',
    )
  }
  if (flags > (ZSTD | SPILLED)) throw new UnreadableStateError(where, `its flags ${flags} mean nothing to this code`)
  const body = bytes.subarray(HEADER_BYTES)
  return { spilled: (flags & SPILLED) !== 0, packed: flags & ZSTD ? inflate(where, body, MAX_BODY_BYTES) : body }
}

/** Decodes bytes that this process has encoded itself, or decoded before: nothing is checked again. */
export function decodeAgain(bytes: Uint8Array): unknown {
  const body = bytes.subarray(HEADER_BYTES)
  return unpack((bytes[2] ?? 0) & ZSTD ? inflate('what is held in memory', body, MAX_BODY_BYTES) : body)
}

/**
 * Decompresses, but never to more than `max` bytes: a few bytes may stand for gigabytes.
 *
 * @throws UnreadableStateError
 */
export function inflate(where: string, bytes: Uint8Array, max: number): Uint8Array {
  try {
    return zlib.zstdDecompressSync(bytes, { maxOutputLength: max })
  } catch (cause) {
    throw new UnreadableStateError(where, describeCause(cause), { cause })
  }
}

function checksum(bytes: Uint8Array, place: string): number {
  return zlib.crc32(bytes.subarray(HEADER_BYTES), zlib.crc32(bytes.subarray(0, CHECKSUM_AT), zlib.crc32(place)))
}
