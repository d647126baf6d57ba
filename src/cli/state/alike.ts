// Whether a state that somebody types can be one of an operator: nobody but its code knows its type, so it is held against a state that is there.

import { describeValue } from '../../errors/describe-value.ts'

/** Where a value is of another type than one that is there, in words; undefined: it is alike. Fields may be more, or fewer. */
export function unlike(there: unknown, typed: unknown, path = 'it'): string | undefined {
  if (there === undefined || there === null || typed === undefined || typed === null) return undefined
  const [was, is] = [kindOf(there), kindOf(typed)]
  if (was !== is) return `${path} is ${describeValue(typed)}, and was a ${was}`
  if (Array.isArray(there) && Array.isArray(typed)) return firstUnlike(there, typed, path)
  if (is !== 'object') return undefined
  for (const [name, value] of Object.entries(typed)) {
    const found = unlike(Reflect.get(Object(there), name), value, path === 'it' ? name : `${path}.${name}`)
    if (found) return found
  }
  return undefined
}

/** A tuple has its own types; a list has as many as it likes of one. */
function firstUnlike(there: readonly unknown[], typed: readonly unknown[], path: string): string | undefined {
  for (const [i, value] of typed.entries()) {
    const found = unlike(there[i] ?? there[0], value, `${path === 'it' ? '' : path}[${i}]`)
    if (found) return found
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  if (Array.isArray(value)) return 'list'
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== 'Object' ? name : 'object'
}
