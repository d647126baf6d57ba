// What compressed batches of Kafka hold. kafkajs brings gzip, Node.js has zstd; snappy and LZ4 are read here and written in
// kafka-compress.ts, so that no package is needed that compiles or downloads.

import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs from 'kafkajs'
import { UnreadableBatchError } from '../../errors/stand-in-errors.ts'
import { lz4, snap } from './kafka-compress.ts'

// A CommonJS package: Node finds none of its names but the default.
const { CompressionCodecs, CompressionTypes } = kafkajs

/** Teaches kafkajs all codecs of Kafka; once per process is enough, more does no harm. */
export function addCodecs(): void {
  const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)]
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => compress(encoder.buffer),
    decompress: (buffer: Buffer) => decompress(buffer),
  })
  CompressionCodecs[CompressionTypes.Snappy] = () => codec(snap, unsnap)
  CompressionCodecs[CompressionTypes.LZ4] = () => codec(lz4, unlz4)
}

function codec(compress: (bytes: Buffer) => Buffer, decompress: (bytes: Buffer) => Buffer) {
  return {
    compress: async (encoder: { readonly buffer: Buffer }) => compress(encoder.buffer),
    decompress: async (bytes: Buffer) => decompress(bytes),
  }
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

/**
 * Snappy, raw (librdkafka) or in the chunks of the Java client: a header of 16 bytes, then each chunk behind its length.
 * https://github.com/google/snappy/blob/main/format_description.txt, https://github.com/xerial/snappy-java (SnappyOutputStream)
 */
export function unsnap(buffer: Buffer): Buffer {
  if (!buffer.subarray(0, 8).equals(XERIAL)) return unsnapBlock(buffer)
  const chunks: Buffer[] = []
  for (let at = 16; at < buffer.length; ) {
    const length = at + 4 <= buffer.length ? buffer.readUInt32BE(at) : Number.POSITIVE_INFINITY
    if (at + 4 + length > buffer.length) throw new UnreadableBatchError('snappy', 'a chunk is cut off')
    chunks.push(unsnapBlock(buffer.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(chunks)
}

function unsnapBlock(from: Buffer): Buffer {
  let at = 0
  const byte = (): number => from[at++] ?? fail('snappy')
  const little = (bytes: number): number => {
    let value = 0
    for (let i = 0; i < bytes; i++) value += byte() * 256 ** i
    return value
  }
  let size = 0
  for (let shift = 0, more = true; more; shift += 7) {
    const next = byte()
    size += (next & 0x7f) * 2 ** shift
    more = next >= 0x80 && shift < 28
  }
  const into = new Output('snappy', size)
  while (at < from.length) {
    const tag = byte()
    const high = tag >> 2
    switch (tag & 3) {
      case 0: {
        const length = 1 + (high < 60 ? high : little(high - 59))
        into.literal(from.subarray(at, at + length), length)
        at += length
        break
      }
      case 1:
        into.copy((tag >> 5) * 256 + byte(), 4 + (high & 7))
        break
      case 2:
        into.copy(little(2), 1 + high)
        break
      default:
        into.copy(little(4), 1 + high)
    }
  }
  return into.whole()
}

/**
 * LZ4 in frames. Checksums are passed over: Kafka's own covers the batch.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 */
export function unlz4(buffer: Buffer): Buffer {
  const into = new Output('lz4')
  for (let at = 0; at < buffer.length; ) {
    if (buffer.length < at + 7 || buffer.readUInt32LE(at) !== 0x184d2204)
      throw new UnreadableBatchError('lz4', 'no frame begins there')
    const flags = buffer[at + 4] ?? 0
    const [blockChecksum, contentSize, contentChecksum, dictionary] = [flags & 16, flags & 8, flags & 4, flags & 1]
    at += 6 + (contentSize ? 8 : 0) + (dictionary ? 4 : 0) + 1
    for (;;) {
      if (at + 4 > buffer.length) fail('lz4')
      const word = buffer.readUInt32LE(at)
      at += 4
      if (word === 0) break
      const [stored, length] = [word >= 0x80000000, word % 0x80000000]
      if (at + length > buffer.length) fail('lz4')
      const block = buffer.subarray(at, at + length)
      if (stored) into.literal(block, length)
      else unlz4Block(block, into)
      at += length + (blockChecksum ? 4 : 0)
    }
    at += contentChecksum ? 4 : 0
  }
  return into.whole()
}

function unlz4Block(from: Buffer, into: Output): void {
  let at = 0
  const byte = (): number => from[at++] ?? fail('lz4')
  const length = (nibble: number): number => {
    let sum = nibble
    if (nibble === 15) for (let next = 255; next === 255; sum += next) next = byte()
    return sum
  }
  while (at < from.length) {
    const token = byte()
    const literals = length(token >> 4)
    into.literal(from.subarray(at, at + literals), literals)
    at += literals
    if (at >= from.length) return // the last sequence has no match
    const distance = byte() + byte() * 256
    into.copy(distance, 4 + length(token & 15))
  }
}

function fail(codec: string): never {
  throw new UnreadableBatchError(codec, 'it ends in the middle')
}

/** What has been decompressed: both codecs copy from what is there already. */
class Output {
  readonly #codec: string
  readonly #size: number | undefined
  #bytes: Buffer
  #length = 0

  constructor(codec: string, size?: number) {
    this.#codec = codec
    this.#size = size
    this.#bytes = Buffer.allocUnsafe(Math.min(size ?? 65_536, MOST_AT_FIRST))
  }

  literal(bytes: Buffer, length: number): void {
    if (bytes.length < length) fail(this.#codec)
    this.#reserve(length)
    bytes.copy(this.#bytes, this.#length)
    this.#length += length
  }

  copy(distance: number, length: number): void {
    if (distance === 0 || distance > this.#length) {
      throw new UnreadableBatchError(this.#codec, 'it refers to what lies before its beginning')
    }
    this.#reserve(length)
    const bytes = this.#bytes
    const to = this.#length
    // What overlaps repeats itself, which a copy in one piece would not do.
    if (distance >= length) bytes.copyWithin(to, to - distance, to - distance + length)
    else for (let i = 0; i < length; i++) bytes[to + i] = bytes[to - distance + i] ?? 0
    this.#length += length
  }

  whole(): Buffer {
    if (this.#size !== undefined && this.#size !== this.#length) fail(this.#codec)
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** A size that damaged bytes claim is not believed at once. */
const MOST_AT_FIRST = 4 * 1024 * 1024
