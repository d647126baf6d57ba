// What cannot be read from a record, or kept as it is (DESIGN §2a). The walks that find out are in values/ and formats/.

import { MillraceError } from './errors.ts'

/** A key or value is not of the format that the job declares. The runtime adds topic, partition and offset. */
export class DecodeError extends MillraceError {
  constructor(format: string, problem: string, options?: ErrorOptions) {
    super('UNDECODABLE', `not ${format}: ${problem}`, options)
  }
}

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
