// The cells of a whole state, read one at a time from its bytes: a million keys as objects take some ten times the memory of their
// bytes. For who looks at state; the runtime wants all of it in memory anyway.

import { pack, unpack } from './codec.ts'
import { MsgpackWalk } from './msgpack-walk.ts'

/** A cell as it is stored. */
export interface PackedCell {
  readonly cell: unknown
  /** Of the cell and its value. */
  readonly bytes: number
  /** Reads it. */
  value(): unknown
}

/** An operator's cells in a snapshot. */
export interface PackedOperator {
  readonly operator: string
  /** Of its values. */
  readonly version: number
  /**
   * In the order in which they were saved.
   *
   * @param key a text: cells of other texts are passed over unread, which takes half the time of a million
   */
  cells(key?: string): Generator<PackedCell, undefined>
}

export type PackedState = readonly PackedOperator[]

/** Undefined when the bytes hold no state. */
export function packedState(packed: Uint8Array): PackedState | undefined {
  try {
    const walk = new MsgpackWalk(packed)
    const operators = Array.from({ length: walk.array() ?? none() }, () => operatorAt(walk))
    return walk.at === packed.length ? operators : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function none(): never {
  throw new RangeError('it is no list')
}

/** `[operator, changes, version]`, the version only where it is not 1. */
function operatorAt(walk: MsgpackWalk): PackedOperator {
  const parts = walk.array() ?? none()
  const operator = partOf(walk)
  if (parts < 2 || typeof operator !== 'string') return none()
  const from = walk.at
  walk.skip()
  const version = parts > 2 ? partOf(walk) : 1
  walk.skip(Math.max(0, parts - 3))
  return {
    operator,
    version: typeof version === 'number' ? version : 1,
    cells: (key) => cellsAt(walk.bytes, from, key === undefined ? undefined : pack(key)),
  }
}

/** `{ cell, value, deleted }`; what is deleted is not in a snapshot. */
function* cellsAt(bytes: Uint8Array, from: number, key?: Uint8Array): Generator<PackedCell, undefined> {
  const walk = new MsgpackWalk(bytes)
  walk.at = from
  for (let left = walk.array() ?? none(); left > 0; left--) {
    const start = walk.at
    let [cell, value]: [unknown, Uint8Array | undefined] = [undefined, undefined]
    let isOther = false
    for (let names = walk.object() ?? none(); names > 0; names--) {
      const name = nameAt(walk)
      const at = walk.at
      isOther ||= name === CELL && key !== undefined && isOfOtherText(walk, key)
      if (name === CELL && !isOther) cell = partOf(walk)
      else walk.skip()
      if (name === VALUE) value = bytes.subarray(at, walk.at)
    }
    if (!isOther) yield { cell, bytes: walk.at - start, value: () => value && unpack(value) }
  }
}

/** Whether a cell is `[name, text]` with another text. It stays where it is. */
function isOfOtherText(walk: MsgpackWalk, key: Uint8Array): boolean {
  const from = walk.at
  let at = -1
  if (walk.array() === 2) {
    walk.skip()
    at = walk.at
  }
  walk.at = from
  const first = at < 0 ? 0 : (walk.bytes[at] ?? 0)
  const isText = (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb)
  return isText && key.some((byte, i) => walk.bytes[at + i] !== byte)
}

const CELL = 'c'.charCodeAt(0)
const VALUE = 'v'.charCodeAt(0)

/** The first letter of a name: `cell`, `value` and `deleted` differ in it. Names are short texts, whose first byte is their length. */
function nameAt(walk: MsgpackWalk): number | undefined {
  const letter = walk.bytes[walk.at + 1]
  walk.skip()
  return letter
}

function partOf(walk: MsgpackWalk): unknown {
  const from = walk.at
  walk.skip()
  return unpack(walk.bytes.subarray(from, walk.at))
}
