// Where in a value what is none (`value.ts`) lies: that is looked for when a walk has failed, never before.

import { describeValue } from '../errors/describe-value.ts'
import { describeCause, MillraceError } from '../errors/errors.ts'
import { UnsavableValueError } from '../errors/value-errors.ts'
import { findUnsavable, NoValue, type PathStep, pathText } from './value.ts'

/**
 * What a failed walk over a value is thrown on as.
 *
 * @param inWords of a path
 */
export function refused(
  value: unknown,
  cause: unknown,
  inWords: (path: readonly PathStep[]) => string = valuePath,
): unknown {
  if (!(cause instanceof NoValue)) {
    if (cause instanceof MillraceError) return cause // of a record that cannot be decoded
    return new UnsavableValueError(describeCause(cause), {}, { cause }) // more than msgpack can hold
  }
  const found = findUnsavable(value)
  if (!found) return new UnsavableValueError(describeValue(value))
  if (found.tooDeep) return new UnsavableValueError(`it is ${found.found}`)
  const path = inWords(found.path)
  return new UnsavableValueError(`${path} is ${found.found}`, { path })
}

function valuePath(path: readonly PathStep[]): string {
  return pathText('value', path)
}

/** A path within a pair begins with `key` or `value`. */
export function pairPath([first, ...rest]: readonly PathStep[]): string {
  return pathText(first === 0 ? 'key' : 'value', rest)
}
