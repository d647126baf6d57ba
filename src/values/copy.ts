// What an operator holds from batch to batch belongs to it alone: users change objects in place, before and after they
// give them away. So values are copied on the way in and on the way out, and a copy is what encoding and decoding would give
// (I8): an instance that stayed warm sees what one that was restored sees. Primitives cost nothing.

import { CyclicValueError, describeValue } from '../errors/operator-errors.ts'
import { UnsavableValueError } from '../errors/value-errors.ts'
import { refused } from './unsavable.ts'
import {
  checkNames,
  findUnsavable,
  formOf,
  isComposite,
  isTypedArray,
  MAX_DEPTH,
  NoValue,
  pathText,
  propertyOf,
  standIn,
  type TypedArray,
} from './value.ts'

/**
 * A copy that shares nothing with the original.
 *
 * @throws UnsavableValueError, CyclicValueError for what could not be saved.
 */
export function copy(value: unknown): unknown {
  try {
    return copyAny(value, 0, false)
  } catch (cause) {
    const found = cause instanceof NoValue ? findUnsavable(value) : undefined
    throw found?.cycle ? new CyclicValueError(pathText('value', found.path)) : refused(value, cause)
  }
}

/** A copy of the value that belongs to a key. @throws UnsavableValueError with the key's name */
export function copyOf(key: unknown, value: unknown): unknown {
  try {
    return copy(value)
  } catch (error) {
    throw error instanceof UnsavableValueError && key !== undefined ? error.with({ key: describeValue(key) }) : error
  }
}

/** A copy of what `copy` has given, which need not be looked at again: twice as fast for objects. */
export function copyAgain(value: unknown): unknown {
  return copyAny(value, 0, true)
}

/** @param known to be a value */
function copyAny(value: unknown, depth: number, known: boolean): unknown {
  if (isComposite(value)) return copyObject(value, depth, known)
  if (typeof value === 'function' || typeof value === 'symbol') throw new NoValue()
  return value
}

function copyObject(value: object, depth: number, known: boolean): unknown {
  if (depth === MAX_DEPTH) throw new NoValue()
  const within = depth + 1
  const form = formOf(value)
  if (form === undefined) throw new NoValue()
  if (form === 'plain') return copyPlain(value, within, known)
  if (Array.isArray(value)) return copyArray(value, within, known)
  if (value instanceof Date) return new Date(value.getTime())
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, item]) => [copyAny(key, within, known), copyAny(item, within, known)]))
  }
  if (value instanceof Set) return new Set(Array.from(value, (item) => copyAny(item, within, known)))
  return isTypedArray(value) ? value.slice() : copyAny(standIn(value), depth, known)
}

/** Holes become undefined. */
function copyArray(array: readonly unknown[], depth: number, known: boolean): unknown[] {
  const out: unknown[] = []
  for (let i = 0; i < array.length; i++) out.push(copyAny(array[i], depth, known))
  return out
}

function copyPlain(object: object, depth: number, known: boolean): object {
  if (!known) checkNames(object)
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(object)) {
    const value = copyAny(known ? Reflect.get(object, name) : propertyOf(object, name), depth, known)
    if (name === '__proto__') define(out, name, value)
    else out[name] = value
  }
  return out
}

/** An own property, whatever its name. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true })
}

/**
 * Whether two values would be saved as the same bytes: the order of properties and of what is in a Map or Set counts, a hole is
 * undefined, -0 is not 0, NaN is NaN. Half the work of encoding both.
 */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!isComposite(a) || !isComposite(b)) return false
  const form = formOf(a)
  if (form === 'stand-in') return equal(standIn(a), b)
  if (formOf(b) === 'stand-in') return equal(a, standIn(b))
  if (form === undefined || form !== formOf(b)) return false
  if (form === 'plain') return equalPlain(a, b)
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b)
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime())
  if (a instanceof Map && b instanceof Map) return a.size === b.size && equalLists([...a].flat(), [...b].flat())
  if (a instanceof Set && b instanceof Set) return a.size === b.size && equalLists([...a], [...b])
  return isTypedArray(a) && isTypedArray(b) && equalBytes(a, b)
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false
  return true
}

function equalPlain(a: object, b: object): boolean {
  const [names, others] = [Object.keys(a), Object.keys(b)]
  if (names.length !== others.length) return false
  return names.every((name, i) => name === others[i] && equal(Reflect.get(a, name), Reflect.get(b, name)))
}

function equalBytes(a: TypedArray, b: TypedArray): boolean {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const bytes = ({ buffer, byteOffset, byteLength }: TypedArray) => Buffer.from(buffer, byteOffset, byteLength)
  return bytes(a).equals(bytes(b))
}
