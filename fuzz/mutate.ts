// Small changes to bytes: flips, cuts, insertions, copies of parts, splices of two inputs, and words that formats are made of.

/** A whole number from 0 to n - 1. */
export type Random = (n: number) => number

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed | 0
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x22, 0x2d, 0x2e, 0x2f, 0x5b, 0x5c, 0x7b, 0xc0, 0xc1, 0xd4, 0xdd, 0xdf]

const WORDS: readonly Buffer[] = [
  ...[
    'null',
    'true',
    '-1',
    '1e308',
    '9007199254740993',
    '""',
    '[]',
    '{}',
    '__proto__',
    'constructor',
    '\ufffd',
    '../',
    '%2E',
  ],
  ...['kind', 'frontier', 'batch', 'seal', 'bucket', 'offset', 'partition', 'timestamp', 'records', 'headers'],
].map((word) => Buffer.from(word))
const RAW_WORDS: readonly Buffer[] = [
  ...[
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xc6, 0x7f, 0xff, 0xff, 0xff],
    [0xc7, 0x08, 0x51],
  ],
  ...[
    [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xed, 0xa0, 0x80],
  ],
].map((word) => Buffer.from(word))

export const MAX_INPUT_BYTES = 64 * 1024

/** One to four changes; `other` is an input to take parts from. */
export function mutate(input: Buffer, other: Buffer, random: Random): Buffer {
  let bytes = input
  for (let left = 1 + random(4); left > 0; left--) bytes = change(bytes, other, random)
  return bytes.subarray(0, MAX_INPUT_BYTES)
}

function change(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1)
  const length = random(Math.min(16, bytes.length - at + 1))
  const cut = (from: Buffer): Buffer => {
    const start = random(from.length + 1)
    return from.subarray(start, start + random(Math.min(64, from.length - start + 1)))
  }
  switch (random(8)) {
    case 0:
      return replaced(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random(8))))
    case 1:
      return replaced(bytes, at, 1, Buffer.of(BYTES[random(BYTES.length)] ?? 0))
    case 2:
      return replaced(bytes, at, length, Buffer.alloc(0))
    case 3:
      return replaced(bytes, at, 0, cut(bytes))
    case 4:
      return replaced(bytes, at, length, cut(other))
    case 5:
      return replaced(bytes, at, random(2) * length, word(random))
    case 6:
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length + 1))])
    default:
      return replaced(bytes, at, 1, Buffer.of(random(256)))
  }
}

function word(random: Random): Buffer {
  const words = random(2) === 0 ? WORDS : RAW_WORDS
  return words[random(words.length)] ?? Buffer.alloc(0)
}

function replaced(bytes: Buffer, at: number, length: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])
}
