// The error for what is no value (`value.ts`), with its place: that is looked for when a walk has failed, never before.

import { describeValue } from '../errors/describe-value.ts'
import { describeCause, MillraceError } from '../errors/errors.ts'
import { findUnsavable, NoValue, type PathStep, pathText } from './value.ts'

/** Where a value was found. */
export interface UnsavableWhere {
  /** In the value: `value.user.url`. */
  readonly path?: string | undefined
  /** The id of the operator that it was for, or of the output. */
  readonly operator?: string | undefined
  /** Of the pair, in words. */
  readonly key?: string | undefined
}

/** Something that was to be kept, sent to another stage, or written, is no value: it would not come back as it is. */
export class UnsavableValueError extends MillraceError {
  /** Where in the value: `value.user.url`; undefined when that is not known. */
  readonly path: string | undefined
  /** The id of the operator or output that it was for, where that is known. */
  readonly operator: string | undefined
  /** Of the pair that it was in, in words. */
  readonly key: string | undefined
  readonly #problem: string
  constructor(problem: string, { path, operator, key }: UnsavableWhere = {}, options?: ErrorOptions) {
    const where = [operator && `for ${operator}`, key && `of key ${key}`].filter(Boolean).join(', ')
    super(
      'UNSAVABLE_VALUE',
      `A value cannot be saved: ${problem}${where && ` (${where})`}. What goes through a shuffle, into state or into an output must be data: text, numbers, booleans, ` +
        'bigint, null, undefined, Date, Map, Set, Uint8Array and other typed arrays, and arrays and plain objects of these. ' +
        adviceFor(problem),
      options,
    )
    this.path = path
    this.operator = operator
    this.key = key
    this.#problem = problem
  }

  /** The same, with what else is known of its place. */
  with({ operator = this.operator, key = this.key }: UnsavableWhere): UnsavableValueError {
    return new UnsavableValueError(this.#problem, { path: this.path, operator, key }, { cause: this.cause })
  }
}

function adviceFor(problem: string): string {
  if (/a Promise$|asynchronous/.test(problem)) return 'Use mapAsync for a function that is asynchronous.'
  if (problem.endsWith('a Buffer')) return 'Make it a Uint8Array: new Uint8Array(buffer).'
  if (problem.endsWith('a match of a regular expression'))
    return 'Take of it what is needed: [...match], or match.groups.'
  return 'Map to such a value first.'
}

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
