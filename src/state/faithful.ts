// Values of users survive exactly: what msgpack would change without a word is wrapped before it is packed, and unwrapped when
// it is read. That is texts with lone surrogates (they would become U+FFFD, and two keys one), Map (a plain object), an own
// property `__proto__` (renamed), and -0. What needs none of it is neither copied nor changed.

import { addExtension } from 'msgpackr'

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

/** The value itself when msgpack keeps it as it is, else a copy with wrappers in it. */
export function faithful(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : wrapText(value)
  if (typeof value === 'number') return Object.is(value, -0) ? new NegativeZero() : value
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) return faithfulArray(value)
  if (value instanceof Map) {
    return new MapEntries(Array.from(value, ([key, one]) => [faithful(key), faithful(one)] as const))
  }
  if (value instanceof Set) return new Members(Array.from(value, faithful))
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? faithfulObject(value) : value
}

function wrapText(text: string): LoneSurrogates {
  return new LoneSurrogates(Buffer.from(text, 'utf16le'))
}

function faithfulArray(array: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < array.length; i++) {
    const one = array[i]
    const kept = faithful(one)
    if (kept === one || (copy === undefined && Number.isNaN(one))) continue
    copy ??= array.slice()
    copy[i] = kept
  }
  return copy ?? array
}

function faithfulObject(object: object): unknown {
  let changed = false
  const entries = Object.entries(object).map(([key, one]): [unknown, unknown] => {
    const [keptKey, kept] = [faithful(key), faithful(one)]
    changed ||= key === '__proto__' || keptKey !== key || !Object.is(kept, one)
    return [keptKey, kept]
  })
  if (!changed) return object
  const plain = entries.every(([key]) => typeof key === 'string' && key !== '__proto__')
  return plain ? Object.fromEntries(entries) : new ObjectEntries(entries)
}
