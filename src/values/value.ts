// What a value is (DESIGN §2a.1): what may travel through a shuffle, go into state or a commit, and be written by an output. One rule
// for all of them, so that none lets pass what another cannot give back: strings, numbers, booleans, null, undefined, bigint, Date,
// Map, Set, typed arrays, arrays and plain objects of these, and records of a source, which stand for plain objects.

import { types } from 'node:util'
import { describeValue } from '../errors/describe-value.ts'

/** How deep values may be nested: writing, reading, copying and comparing call themselves per level. The stack ends at some 500. */
export const MAX_DEPTH = 200

/** A method of instances that stand for a plain value: what travels is what it returns. */
export const AS_VALUE: unique symbol = Symbol('as value')

export type Form = 'array' | 'plain' | 'date' | 'map' | 'set' | 'typed array' | 'stand-in'

/** Those that the codec has a number for; Buffer is not among them, since what is decoded is none. */
const TYPED_ARRAYS = [
  ...[Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, BigUint64Array],
  ...[Int8Array, Int16Array, Int32Array, BigInt64Array, Float32Array, Float64Array],
]

const FORMS: ReadonlyMap<unknown, Form> = new Map<unknown, Form>([
  [null, 'plain'],
  [Date.prototype, 'date'],
  [Map.prototype, 'map'],
  [Set.prototype, 'set'],
  ...TYPED_ARRAYS.map(({ prototype }) => [prototype, 'typed array'] as const),
])

/** Of what form an object is; undefined: it is no value. Says nothing about what is in it. */
export function formOf(object: object): Form | undefined {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype) return 'plain'
  if (prototype === Array.prototype) return isMatch(object) ? undefined : 'array'
  return FORMS.get(prototype) ?? (AS_VALUE in object ? 'stand-in' : foreignForm(object, prototype))
}

/**
 * What `match` and `exec` give is an array with more to it, `groups` and `index`, that would be left behind. Other properties that somebody gives an array
 * are not looked for: it would take a walk over its keys.
 */
function isMatch(object: object): boolean {
  return 'groups' in object && 'index' in object
}

/** Of another realm, as test runners have it, prototypes are others; instances of classes that extend them are not taken for them. */
function foreignForm(object: object, prototype: unknown): Form | undefined {
  if (isRootPrototype(prototype)) return 'plain'
  if (!isComposite(prototype) || !isRootPrototype(Object.getPrototypeOf(prototype))) return undefined
  if (Array.isArray(object)) return isMatch(object) ? undefined : 'array'
  if (types.isDate(object)) return 'date'
  if (types.isMap(object)) return 'map'
  return types.isSet(object) ? 'set' : undefined
}

/** Written out: users of the package need not have Node's types. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

export function isComposite(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether an object was written as `{}`, or has no prototype; of another realm too. */
export function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null || isRootPrototype(prototype)
}

function isRootPrototype(prototype: unknown): boolean {
  return (
    isComposite(prototype) && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
  )
}

/** What a stand-in stands for. */
export function standIn(object: object): unknown {
  const asValue: unknown = Reflect.get(object, AS_VALUE)
  return typeof asValue === 'function' ? asValue.call(object) : undefined
}

/** Thrown on the way, where nobody knows the path; whoever began the walk looks for it with `findUnsavable`. */
export class NoValue extends Error {}

/**
 * The value of a property of a plain object.
 *
 * @throws NoValue for a getter: what it gives may be something else every time.
 */
export function propertyOf(object: object, name: string): unknown {
  const property = Object.getOwnPropertyDescriptor(object, name)
  if (property === undefined || property.get !== undefined || property.set !== undefined) throw new NoValue()
  return property.value
}

/** @throws NoValue when an object has properties that would be left behind. */
export function checkNames(object: object): void {
  if (Object.getOwnPropertySymbols(object).length > 0) throw new NoValue()
}

/** Whether something is a value. A record that cannot be decoded is: whoever encodes it will say so. */
export function isValue(value: unknown, depth = 0): boolean {
  if (!isComposite(value)) return typeof value !== 'function' && typeof value !== 'symbol'
  const form = depth === MAX_DEPTH ? undefined : formOf(value)
  const within = depth + 1
  if (form === 'plain') return arePropertiesValues(value, within)
  if (form === 'array' && Array.isArray(value)) return value.every((item) => isValue(item, within))
  if (value instanceof Set || value instanceof Map) {
    return form !== undefined && [...value].flat().every((item) => isValue(item, within))
  }
  return form === 'stand-in' ? standsForValue(value, depth) : form !== undefined
}

/** A schema may make anything of a record's value: what a record stands for is looked at, too. */
function standsForValue(object: object, depth: number): boolean {
  let value: unknown
  try {
    value = standIn(object)
  } catch {
    return true
  }
  return isValue(value, depth)
}

function arePropertiesValues(object: object, depth: number): boolean {
  if (Object.getOwnPropertySymbols(object).length > 0) return false
  for (const name of Object.keys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name)
    if (property === undefined || property.get || property.set) return false
    const { value } = property // most are texts and numbers, for which a call would be half the work
    if (typeof value !== 'string' && typeof value !== 'number' && !isValue(value, depth)) return false
  }
  return true
}

export type PathStep = string | number

/** A path in words: `key[1].when`. */
export function pathText(root: string, path: readonly PathStep[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`
  }, root)
}

/** What keeps something from being a value, and where. */
export interface Unsavable {
  readonly path: readonly PathStep[]
  /** `a URL`. */
  readonly found: string
  /** Whether it is an object that contains itself. */
  readonly cycle: boolean
  readonly tooDeep: boolean
}

/** The first place in a value that is no value. Slow: asked when something is known to be wrong. */
export function findUnsavable(value: unknown): Unsavable | undefined {
  return find(value, [], [])
}

/** `path` and `ancestors` are stacks, shared by the whole walk. */
function find(value: unknown, path: PathStep[], ancestors: object[]): Unsavable | undefined {
  const here = (found: string): Unsavable => ({ path: [...path], found, cycle: false, tooDeep: false })
  if (typeof value === 'function' || typeof value === 'symbol') return here(describeValue(value))
  if (!isComposite(value)) return undefined
  if (ancestors.includes(value)) return { ...here('an object that contains it'), cycle: true }
  if (ancestors.length === MAX_DEPTH) {
    return { ...here(`nested more than ${MAX_DEPTH} levels deep, or contains itself`), tooDeep: true }
  }
  const form = formOf(value)
  if (form === undefined) return here(describeValue(value))
  if (form === 'stand-in') return find(standIn(value), path, ancestors)
  if (form === 'plain' && Object.getOwnPropertySymbols(value).length > 0)
    return here('an object with a symbol for a property')
  ancestors.push(value)
  for (const [step, read] of partsOf(form, value)) {
    path.push(step)
    const found = read === undefined ? here('a getter or setter') : find(read.value, path, ancestors)
    if (found) return found
    path.pop()
  }
  ancestors.pop()
  return undefined
}

type Part = readonly [step: PathStep, read: { readonly value: unknown } | undefined]

function* partsOf(form: Form, object: object): Generator<Part, undefined> {
  if (form === 'plain') {
    for (const name of Object.keys(object)) {
      const { get, set, value } = Object.getOwnPropertyDescriptor(object, name) ?? {}
      yield [name, get || set ? undefined : { value }]
    }
  } else if (Array.isArray(object)) {
    for (const [i, value] of object.entries()) yield [i, { value }]
  } else if (object instanceof Map) {
    for (const [i, [key, value]] of [...object].entries())
      yield* [[i, { value: key }] as const, [i, { value }] as const]
  } else if (object instanceof Set) {
    for (const [i, value] of [...object].entries()) yield [i, { value }]
  }
}
