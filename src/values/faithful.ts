// Values of users survive exactly: what msgpack would change without a word is wrapped before it is packed, and unwrapped when
// it is read. That is texts with lone surrogates (they would become U+FFFD, and two keys one), Map (a plain object), an own
// property `__proto__` (renamed) or `constructor` (by which msgpackr tells what an object is), objects with more properties than 16
// bits can count (an error), and -0. What needs none of it is neither copied nor changed. What is no value is refused (`value.ts`).

import { addExtension } from '#msgpackr'
import { checkNames, formOf, MAX_DEPTH, NoValue, propertyOf, standIn } from './value.ts'

export { MAX_DEPTH }

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
 * @throws NoValue when there is something in it that is no value.
 */
export function faithful(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : wrapText(value)
  if (typeof value === 'number') return Object.is(value, -0) ? new NegativeZero() : value
  if (typeof value === 'function' || typeof value === 'symbol') throw new NoValue()
  return typeof value === 'object' && value !== null ? faithfulObject(value, depth) : value
}

function wrapText(text: string): LoneSurrogates {
  return new LoneSurrogates(Buffer.from(text, 'utf16le'))
}

function faithfulObject(value: object, depth: number): unknown {
  if (depth === MAX_DEPTH) throw new NoValue()
  const within = depth + 1
  const form = formOf(value)
  if (form === undefined) throw new NoValue()
  if (form === 'plain') return faithfulPlain(value, within)
  if (Array.isArray(value)) return faithfulArray(value, within)
  if (value instanceof Map) {
    return new MapEntries(Array.from(value, ([key, one]) => [faithful(key, within), faithful(one, within)] as const))
  }
  if (value instanceof Set) return new Members(Array.from(value, (one) => faithful(one, within)))
  return form === 'stand-in' ? faithful(standIn(value), depth) : value
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

function faithfulPlain(object: object, depth: number): unknown {
  checkNames(object)
  const names = Object.keys(object)
  let entries = names.length > MAX_PROPERTIES
  let copy: unknown[] | undefined
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? ''
    const one = propertyOf(object, name)
    const kept = faithful(one, depth)
    entries ||= name === '__proto__' || name === 'constructor' || !name.isWellFormed()
    if (kept === one || Number.isNaN(one)) continue
    copy ??= names.map((name) => propertyOf(object, name))
    copy[i] = kept
  }
  // msgpackr goes by `constructor`, which an object without a prototype lacks.
  if (!entries && copy === undefined && Object.getPrototypeOf(object) !== null) return object
  const values = copy ?? names.map((name) => propertyOf(object, name))
  const pairs = names.map((name, i) => [entries ? faithful(name) : name, values[i]] as const)
  return entries ? new ObjectEntries(pairs) : Object.fromEntries(pairs)
}
