// Values as JSON for people and scripts (DESIGN §2a): what JSON has is written as it is, everything else as an object with one name that
// begins with `$`, so that reading it gives the same value again. An object of the user that looks like one is wrapped as well.
//
//   10n                 {"$bigint": "10"}          NaN, Infinity, -0   {"$number": "NaN"}
//   undefined           {"$undefined": true}       a Date              {"$date": "2026-01-31T12:00:00.000Z"}
//   a Map               {"$map": [[key, value]]}   a Set               {"$set": [member]}
//   bytes               {"$bytes": "<base64>"}     other typed arrays  {"$typed": ["Int8Array", "<base64>"]}
//   {"$set": 1}         {"$object": [["$set", 1]]}

import { formOf, isTypedArray, standIn, type TypedArray } from './value.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A value as JSON that {@link untagged} reads. */
export function tagged(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $bigint: String(value) }
    case 'object':
      return value === null ? null : taggedObject(value)
    default:
      return { $undefined: true }
  }
}

/** A value in one line of JSON. */
export function taggedText(value: unknown): string {
  return JSON.stringify(tagged(value))
}

function taggedObject(object: object): Json {
  if (Array.isArray(object)) return Array.from(object, tagged)
  if (object instanceof Date) return { $date: Number.isNaN(object.getTime()) ? 'invalid' : object.toISOString() }
  if (object instanceof Map) return { $map: Array.from(object, ([key, value]) => [tagged(key), tagged(value)]) }
  if (object instanceof Set) return { $set: Array.from(object, tagged) }
  if (isTypedArray(object)) return taggedArray(object)
  if (formOf(object) === 'stand-in') return tagged(standIn(object))
  const pairs = Object.entries(object).map(([name, value]) => [name, tagged(value)] as const)
  const [first] = pairs
  return pairs.length === 1 && first?.[0].startsWith('$') ? { $object: pairs } : Object.fromEntries(pairs)
}

function taggedArray(array: TypedArray): Json {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64')
  return array instanceof Uint8Array ? { $bytes: bytes } : { $typed: [array.constructor.name, bytes] }
}

/** What is no such value, and why. */
export class NotTagged extends Error {}

/** The value of a line that {@link taggedText} has made, or that somebody has typed. @throws NotTagged, SyntaxError */
export function valueOfText(text: string): unknown {
  return untagged(JSON.parse(text))
}

/** @param json as `JSON.parse` gives it @throws NotTagged for a name with `$` that means nothing */
export function untagged(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(untagged)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json)
  const [first] = entries
  if (entries.length === 1 && first?.[0].startsWith('$')) return ofTag(first[0], first[1])
  return Object.fromEntries(entries.map(([name, value]) => [name, untagged(value)]))
}

function ofTag(tag: string, of: unknown): unknown {
  const read = TAGS.get(tag)
  if (!read)
    throw new NotTagged(
      `${tag} is none of ${[...TAGS.keys()].join(', ')}; an object with that one name is {"$object":[["${tag}",…]]}`,
    )
  const value = read(of)
  if (value === WRONG) throw new NotTagged(`${JSON.stringify({ [tag]: of })} is no value of ${tag}`)
  return value
}

const WRONG = Symbol('no such value')
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const TAGS: ReadonlyMap<string, (of: unknown) => unknown> = new Map<string, (of: unknown) => unknown>([
  ['$bigint', (of) => (typeof of === 'string' && /^-?\d+$/.test(of) ? BigInt(of) : WRONG)],
  ['$number', (of) => NUMBERS.get(of) ?? WRONG],
  ['$undefined', (of) => (of === true ? undefined : WRONG)],
  ['$date', (of) => dateOf(of)],
  ['$map', (of) => (arePairs(of) ? new Map(of.map(([key, value]) => [untagged(key), untagged(value)])) : WRONG)],
  ['$set', (of) => (Array.isArray(of) ? new Set(of.map(untagged)) : WRONG)],
  ['$bytes', (of) => bytesOf(of) ?? WRONG],
  ['$typed', (of) => typedOf(of)],
  ['$object', (of) => (arePairs(of) && of.every(([name]) => typeof name === 'string') ? objectOf(of) : WRONG)],
])

function dateOf(of: unknown): unknown {
  if (of === 'invalid') return new Date(Number.NaN)
  const date = typeof of === 'string' ? new Date(of) : undefined
  return date && !Number.isNaN(date.getTime()) ? date : WRONG
}

function bytesOf(of: unknown): Uint8Array<ArrayBuffer> | undefined {
  return typeof of === 'string' && BASE64.test(of) ? new Uint8Array(Buffer.from(of, 'base64')) : undefined
}

const ARRAYS = [
  ...[Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, BigUint64Array],
  ...[Int8Array, Int16Array, Int32Array, BigInt64Array, Float32Array, Float64Array],
]

function typedOf(of: unknown): unknown {
  const [name, base64]: readonly unknown[] = Array.isArray(of) && of.length === 2 ? of : []
  const [Typed, bytes] = [ARRAYS.find((one) => one.name === name), bytesOf(base64)]
  if (!Typed || !bytes || bytes.byteLength % Typed.BYTES_PER_ELEMENT !== 0) return WRONG
  return new Typed(bytes.buffer, 0, bytes.byteLength / Typed.BYTES_PER_ELEMENT)
}

function objectOf(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  return Object.fromEntries(pairs.map(([name, value]) => [String(name), untagged(value)]))
}

function arePairs(of: unknown): of is (readonly [unknown, unknown])[] {
  return Array.isArray(of) && of.every((pair) => Array.isArray(pair) && pair.length === 2)
}
