// Values of users survive exactly: what msgpack would change without a word is wrapped before it is packed, and unwrapped when
// it is read. That is texts with lone surrogates (they would become U+FFFD, and two keys one), Map (a plain object), an own
// property `__proto__` (renamed), objects with more properties than 16 bits can count (an error), and -0. What needs none of it is
// neither copied nor changed. Functions and symbols would be lost, and what is nested without end cannot be written: refused.

import { addExtension } from 'msgpackr'
import { UnsavableValueError } from './state-errors.ts'

/**
 * How deep values may be nested. Writing, reading, copying and comparing call themselves for every level; the least of them
 * fills the default stack (Map, before it is optimised) at some 500 levels.
 */
export const MAX_DEPTH = 200

/** msgpackr writes the number of an object's properties in 16 bits. */
const MAX_PROPERTIES = 65_535

class LoneSurrogates {
  readonly utf16: Buffer
  constructor(utf16: Buffer) {
    this.utf16 = utf16
  }
}

class Entries {
  readonly entries: readonly (readonly [unknown, unknown])[]
  constructor(entries: readonly (readonly [unknown, unknown])[]) {
    this.entries = entries
  }
}
class MapEntries extends Entries {}
class ObjectEntries extends Entries {}

class Members {
  readonly members: readonly unknown[]
  constructor(members: readonly unknown[]) {
    this.members = members
  }
}

class NegativeZero {}

// Numbers of extension types; part of the format, never to be given to something else.
addExtension({
  Class: LoneSurrogates,
  type: 0x51,
  write: ({ utf16 }: LoneSurrogates) => utf16,
  read: (utf16: Uint8Array) => Buffer.from(utf16).toString('utf16le'),
})
addExtension({
  Class: MapEntries,
  type: 0x52,
  write: ({ entries }: MapEntries) => entries,
  read: (entries: readonly (readonly [unknown, unknown])[]) => new Map(entries),
})
addExtension({
  Class: ObjectEntries,
  type: 0x53,
  write: ({ entries }: ObjectEntries) => entries,
  read: (entries: readonly (readonly [string, unknown])[]) => Object.fromEntries(entries),
})
addExtension({
  Class: Members,
  type: 0x54,
  write: ({ members }: Members) => members,
  read: (members: readonly unknown[]) => new Set(members),
})
addExtension({ Class: NegativeZero, type: 0x55, write: () => 0, read: () => -0 })

/**
 * The value itself when msgpack keeps it as it is, else a copy with wrappers in it.
 *
 * @throws UnsavableValueError
 */
export function faithful(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : wrapText(value)
  if (typeof value === 'number') return Object.is(value, -0) ? new NegativeZero() : value
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new UnsavableValueError(`there is a ${typeof value} in it`)
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (depth === MAX_DEPTH) {
    throw new UnsavableValueError(`it is nested more than ${MAX_DEPTH} levels deep, or contains itself`)
  }
  const within = depth + 1
  if (Array.isArray(value)) return faithfulArray(value, within)
  if (value instanceof Map) {
    return new MapEntries(Array.from(value, ([key, one]) => [faithful(key, within), faithful(one, within)] as const))
  }
  if (value instanceof Set) return new Members(Array.from(value, (one) => faithful(one, within)))
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? faithfulObject(value, within) : value
}

function wrapText(text: string): LoneSurrogates {
  return new LoneSurrogates(Buffer.from(text, 'utf16le'))
}

function faithfulArray(array: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < array.length; i++) {
    const one = array[i]
    const kept = faithful(one, depth)
    if (kept === one || (copy === undefined && Number.isNaN(one))) continue
    copy ??= array.slice()
    copy[i] = kept
  }
  return copy ?? array
}

function faithfulObject(object: object, depth: number): unknown {
  let changed = false
  const entries = Object.entries(object).map(([key, one]): [unknown, unknown] => {
    const [keptKey, kept] = [faithful(key), faithful(one, depth)]
    changed ||= key === '__proto__' || keptKey !== key || !Object.is(kept, one)
    return [keptKey, kept]
  })
  if (entries.length > MAX_PROPERTIES) return new ObjectEntries(entries)
  if (!changed) return object
  const plain = entries.every(([key]) => typeof key === 'string' && key !== '__proto__')
  return plain ? Object.fromEntries(entries) : new ObjectEntries(entries)
}
