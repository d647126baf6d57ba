// Where a value ends in msgpack, without reading it (https://github.com/msgpack/msgpack/blob/master/spec.md): so that one value of
// a large state can be read alone. msgpackr adds to the specification: an extension with a single 0 for data and a type other than 0 is a
// mark, and belongs to the value that comes after it (type 0 is `undefined`).

const FIXED_EXTENSION_OF_ONE = 0xd4
const UNDEFINED = 0

/** How many bytes a value takes after its first, of those whose length does not depend on what is in them. */
const PLAIN: ReadonlyMap<number, number> = new Map([
  ...[0xc0, 0xc2, 0xc3].map((byte) => [byte, 0] as const),
  ...[0xcc, 0xd0].map((byte) => [byte, 1] as const),
  ...[0xcd, 0xd1].map((byte) => [byte, 2] as const),
  ...[0xca, 0xce, 0xd2].map((byte) => [byte, 4] as const),
  ...[0xcb, 0xcf, 0xd3].map((byte) => [byte, 8] as const),
  ...[0xd5, 0xd6, 0xd7, 0xd8].map((byte, i) => [byte, 1 + 2 ** (i + 1)] as const),
])

type Width = 1 | 2 | 4

/** Of what says its own length: how wide that is, and how many bytes more there are. */
const COUNTED: ReadonlyMap<number, { readonly width: Width; readonly more: number }> = new Map([
  [0xc4, { width: 1, more: 0 }],
  [0xc5, { width: 2, more: 0 }],
  [0xc6, { width: 4, more: 0 }],
  [0xd9, { width: 1, more: 0 }],
  [0xda, { width: 2, more: 0 }],
  [0xdb, { width: 4, more: 0 }],
  [0xc7, { width: 1, more: 1 }],
  [0xc8, { width: 2, more: 1 }],
  [0xc9, { width: 4, more: 1 }],
])

/** Msgpack bytes and where in them to read: a walk over one value at a time. */
export class MsgpackWalk {
  readonly bytes: Uint8Array
  at = 0
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Enters an array: how many elements follow; undefined, and nothing is read, when it is none. */
  array(): number | undefined {
    return this.#enter(0x90, 0xdc)
  }

  /** Enters an object: how many names with their values follow. */
  object(): number | undefined {
    return this.#enter(0x80, 0xde)
  }

  #enter(short: number, wide: number): number | undefined {
    const byte = this.bytes[this.at] ?? 0
    if (byte >= short && byte < short + 16) {
      this.at++
      return byte - short
    }
    if (byte !== wide && byte !== wide + 1) return undefined
    const count = byte === wide ? this.#view.getUint16(this.at + 1) : this.#view.getUint32(this.at + 1)
    this.at += byte === wide ? 3 : 5
    return count
  }

  /** Passes over so many values. @throws RangeError where the bytes end, or are none of msgpack */
  skip(values = 1): void {
    for (let left = values; left > 0; left--) {
      if (this.at >= this.bytes.length) throw new RangeError('it ends in the middle of a value')
      const byte = this.bytes[this.at] ?? 0
      if (byte < 0x80 || byte >= 0xe0) this.at += 1
      else if (byte >= 0xa0 && byte < 0xc0) this.at += 1 + (byte - 0xa0)
      else left += this.#skipOther(byte)
    }
    if (this.at > this.bytes.length) throw new RangeError('it ends in the middle of a value')
  }

  /** How many values follow as part of this one. */
  #skipOther(byte: number): number {
    const elements = this.array()
    if (elements !== undefined) return elements
    const names = this.object()
    if (names !== undefined) return names * 2
    if (byte === FIXED_EXTENSION_OF_ONE) {
      const [type, data] = this.bytes.subarray(this.at + 1, this.at + 3)
      this.at += 3
      return type !== UNDEFINED && data === 0 ? 1 : 0
    }
    const plain = PLAIN.get(byte)
    if (plain !== undefined) {
      this.at += 1 + plain
      return 0
    }
    const counted = COUNTED.get(byte)
    if (!counted) throw new RangeError(`0x${byte.toString(16)} begins no value`)
    const { width, more } = counted
    this.at += 1 + width + more + this.#count(width)
    return 0
  }

  #count(width: Width): number {
    if (width === 1) return this.#view.getUint8(this.at + 1)
    return width === 2 ? this.#view.getUint16(this.at + 1) : this.#view.getUint32(this.at + 1)
  }
}
