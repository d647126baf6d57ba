// Functions of users that must not be asynchronous. A promise is true to `filter`, has no elements to `mapPartitions`, and would
// be written as `{}`: all without a word.

import { UnsavableValueError } from '../errors/value-errors.ts'

/** What a function gave, unless that is still to come. @throws UnsavableValueError that names the operator and `mapAsync` */
export function synchronous<T>(operator: string, result: T): T {
  if (typeof result !== 'object' || result === null) return result
  if (result instanceof Promise) {
    result.catch(() => undefined) // nobody waits for it any more
    throw new UnsavableValueError('value is a Promise', { path: 'value', operator })
  }
  if ('then' in result && typeof result.then === 'function') {
    throw new UnsavableValueError('value is a thenable, as of a function that is asynchronous', {
      path: 'value',
      operator,
    })
  }
  if (Symbol.asyncIterator in result && !(Symbol.iterator in result)) {
    throw new UnsavableValueError('value is an asynchronous iterator', { path: 'value', operator })
  }
  return result
}
