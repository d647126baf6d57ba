// The one text that all equal keys share. Two keys are the same key exactly when their texts are equal: `KeyMap` and
// `bucketOf` both go by it. It is JSON, widened by what JSON lacks (`1n`, `NaN`, `undefined`), with properties in the order
// of their UTF-16 code units. It must never change: buckets of saved state depend on it.

import { describeValue, InvalidKeyError } from '../errors/operator-errors.ts'
import { isComposite, isPlain, type PathStep, pathText } from './value.ts'

export { isComposite }

/** The text of a key. @throws InvalidKeyError when part of it cannot be compared by value. */
export function canonicalKey(key: unknown): string {
  return isComposite(key) ? textOf(key, [], []) : textOfPrimitive(key, [])
}

function textOfPrimitive(key: unknown, path: readonly PathStep[]): string {
  switch (typeof key) {
    case 'string':
      return JSON.stringify(key) // Injective on lone surrogates too: they become escapes, and backslashes are escaped.
    case 'bigint':
      return `${key}n`
    case 'function':
    case 'symbol':
      throw new InvalidKeyError(pathText('key', path), describeValue(key))
    default:
      return String(key) // -0 reads '0', as Map has it.
  }
}

/** `path` and `ancestors` are stacks, shared by the whole walk. */
function textOf(value: unknown, path: PathStep[], ancestors: object[]): string {
  if (!isComposite(value)) return textOfPrimitive(value, path)
  if (ancestors.includes(value)) throw new InvalidKeyError(pathText('key', path), 'a cycle')
  ancestors.push(value)
  const text = Array.isArray(value) ? textOfArray(value, path, ancestors) : textOfObject(value, path, ancestors)
  ancestors.pop()
  return text
}

function textOfArray(array: readonly unknown[], path: PathStep[], ancestors: object[]): string {
  let text = '['
  for (let i = 0; i < array.length; i++) {
    path.push(i)
    text += `${i === 0 ? '' : ','}${textOf(array[i], path, ancestors)}`
    path.pop()
  }
  return `${text}]`
}

function textOfObject(object: object, path: PathStep[], ancestors: object[]): string {
  if (!isPlain(object)) throw new InvalidKeyError(pathText('key', path), describeValue(object))
  if (Object.getOwnPropertySymbols(object).length > 0) {
    throw new InvalidKeyError(pathText('key', path), 'an object with a symbol for a property')
  }
  let text = '{'
  for (const name of Object.keys(object).sort()) {
    path.push(name)
    // An own property, so this is safe for `__proto__` as well.
    const value: unknown = Reflect.get(object, name)
    text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${textOf(value, path, ancestors)}`
    path.pop()
  }
  return `${text}}`
}

/**
 * Refuses a key that is `undefined` or has it inside: it is a field that an element lacks, and all such elements would be one
 * key. Apart from `canonicalKey`, because what older code has kept under such a key must still be found.
 *
 * @param key one that `canonicalKey` takes, so without cycles.
 * @throws InvalidKeyError
 */
export function refuseMissing(key: unknown, path: readonly PathStep[] = []): void {
  if (key === undefined) throw new InvalidKeyError(pathText('key', path), 'undefined')
  if (!isComposite(key)) return
  // Elements that an array skips are missing, too; `entries` of an array gives them.
  for (const [step, part] of Array.isArray(key) ? key.entries() : Object.entries(key))
    refuseMissing(part, [...path, step])
}
