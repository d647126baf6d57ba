// Snappy and LZ4, written: what compresses is one search for repetitions, in blocks, and each format has its own words for them.

/** What a block repeats: the bytes since the last repetition as they are, then `length` bytes from `distance` before. */
type Repetition = (literals: Buffer, distance: number, length: number) => void

const LEAST = 4
const HASH_BITS = 13

/**
 * Greedy, as both reference implementations are at their fastest: the last place of each four bytes is remembered.
 *
 * @param tail bytes at the end that stay as they are
 * @returns what comes after the last repetition
 */
function repetitions(block: Buffer, tail: number, each: Repetition): Buffer {
  const places = new Int32Array(1 << HASH_BITS).fill(-1)
  const end = block.length - tail
  let from = 0
  for (let at = 0; at + LEAST <= end; ) {
    const word = block.readUInt32LE(at)
    const hash = Math.imul(word, 2654435761) >>> (32 - HASH_BITS)
    const before = places[hash] ?? -1
    places[hash] = at
    if (before < 0 || block.readUInt32LE(before) !== word) {
      at++
      continue
    }
    let length = LEAST
    while (at + length < end && block[before + length] === block[at + length]) length++
    each(block.subarray(from, at), at - before, length)
    at += length
    from = at
  }
  return block.subarray(from)
}

/** The chunks that the Java client writes (xerial), which every client reads. */
const XERIAL_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
const SNAPPY_BLOCK = 32 * 1024

/** https://github.com/google/snappy/blob/main/format_description.txt, in chunks of https://github.com/xerial/snappy-java. */
export function snap(bytes: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_HEADER]
  for (let at = 0; at < bytes.length; at += SNAPPY_BLOCK) {
    const block = snapBlock(bytes.subarray(at, at + SNAPPY_BLOCK))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

function snapBlock(block: Buffer): Buffer {
  const parts: Buffer[] = [varint(block.length)]
  const literal = (bytes: Buffer): void => {
    const less = bytes.length - 1
    if (less < 0) return
    parts.push(less < 60 ? Buffer.from([less << 2]) : Buffer.from([61 << 2, less & 255, less >> 8]), bytes)
  }
  const rest = repetitions(block, 0, (literals, distance, length) => {
    literal(literals)
    for (let left = length; left > 0; left -= 64)
      parts.push(Buffer.from([((Math.min(left, 64) - 1) << 2) | 2, distance & 255, distance >> 8]))
  })
  literal(rest)
  return Buffer.concat(parts)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}

/** Independent blocks of at most 64 KiB without checksums; the last byte is that of the two before it, xxHash32 as it is specified. */
const LZ4_HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
const LZ4_BLOCK = 64 * 1024
/** The last five bytes are literals, and no match begins in the last twelve: twelve are left alone. */
const LZ4_TAIL = 12
const LZ4_END = Buffer.alloc(4)

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md. */
export function lz4(bytes: Buffer): Buffer {
  const parts: Buffer[] = [LZ4_HEADER]
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK) {
    const block = bytes.subarray(at, at + LZ4_BLOCK)
    const compressed = lz4Block(block)
    const size = Buffer.alloc(4)
    // What does not get smaller is stored.
    const stored = compressed.length >= block.length
    size.writeUInt32LE(stored ? block.length + 0x80000000 : compressed.length)
    parts.push(size, stored ? block : compressed)
  }
  return Buffer.concat([...parts, LZ4_END])
}

function lz4Block(block: Buffer): Buffer {
  const parts: Buffer[] = []
  const more = (length: number): number[] => {
    if (length < 15) return []
    const left = length - 15
    return [...Array<number>(Math.floor(left / 255)).fill(255), left % 255]
  }
  const rest = repetitions(block, LZ4_TAIL, (literals, distance, length) => {
    const beyond = length - LEAST
    const token = (Math.min(literals.length, 15) << 4) | Math.min(beyond, 15)
    const place = [distance & 255, distance >> 8]
    parts.push(Buffer.from([token, ...more(literals.length)]), literals, Buffer.from([...place, ...more(beyond)]))
  })
  parts.push(Buffer.from([Math.min(rest.length, 15) << 4, ...more(rest.length)]), rest)
  return Buffer.concat(parts)
}
