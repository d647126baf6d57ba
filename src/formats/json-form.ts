// The JSON of an element, or an error: `JSON.stringify` makes null of NaN, `{}` of a Map, and leaves functions out, without a word.

/**
 * One line of JSON that reads back as the same value: of texts (also with lone surrogates, which become escapes), finite numbers,
 * booleans, null, arrays and plain objects; of a Date its ISO text; of an object with a `toJSON` of its own what that gives.
 * `undefined` means that there is nothing: in an object the property is left out, in an array null holds its place.
 *
 * @param format for the message.
 * @throws TypeError naming the path and what is there.
 */
export function jsonOf(element: unknown, format: string): string {
  const line = stringify(element)
  if (line !== undefined && hasForm(element)) return line
  const { path, found } = firstWithout(element, 'the element') ?? { path: 'the element', found: String(element) }
  throw new TypeError(`${format} cannot hold ${found}, which ${path} is; map it to a JSON value first`)
}

/** Before anything else looks at the element: it says where a cycle is. */
function stringify(element: unknown): string | undefined {
  try {
    return JSON.stringify(element)
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('BigInt')) return undefined // where it is will be said below
    throw error
  }
}

function hasForm(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' || value === undefined
  if (value === null) return true
  if (Array.isArray(value)) return haveForm(value)
  if (isPlain(value)) return haveForm(Object.values(value))
  const form = ownForm(value)
  return form !== undefined && hasForm(form)
}

/** A loop that makes no call for texts and numbers, which most are: this is asked of every element that is written. */
function haveForm(values: readonly unknown[]): boolean {
  for (const value of values) {
    if (typeof value !== 'string' && (typeof value !== 'number' || !Number.isFinite(value)) && !hasForm(value))
      return false
  }
  return true
}

/** What an object that is not plain says is its JSON; undefined when it says nothing. */
function ownForm(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : ''
  if (ArrayBuffer.isView(value) || !('toJSON' in value) || typeof value.toJSON !== 'function') return undefined
  return value.toJSON()
}

/** Whether an object was written as `{}`, or has no prototype; of another realm too. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  // The same of another realm.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(Object(prototype), 'hasOwnProperty')
}

function firstWithout(value: unknown, path: string): { path: string; found: string } | undefined {
  if (hasForm(value)) return undefined
  if (typeof value === 'object' && value !== null && (Array.isArray(value) || isPlain(value))) {
    for (const [name, item] of Object.entries(value)) {
      const found = firstWithout(item, Array.isArray(value) ? `${path}[${name}]` : propertyOf(path, name))
      if (found) return found
    }
  }
  return { path, found: described(value) }
}

function propertyOf(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
}

function described(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value === 'bigint') return `the bigint ${value}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return 'an invalid Date'
  if (value instanceof Promise) return 'a Promise (use mapAsync for functions that are async)'
  const { name } = value.constructor
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
}
