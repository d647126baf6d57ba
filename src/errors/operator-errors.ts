// What operators refuse. Messages end with what to do next, except those that Spark's `State` words itself.

import { describeValue } from './describe-value.ts'
import { describeCause, MillraceError } from './errors.ts'

export { describeValue }

/** A key holds something that cannot be compared by value. */
export class InvalidKeyError extends MillraceError {
  /** Where in the key: `key`, `key[1].when`. */
  readonly path: string
  /** What was found there: `a Date`. */
  readonly found: string
  /** The id of the operator that the key was for, where that is known. */
  readonly operator: string | undefined
  constructor(path: string, found: string, operator?: string) {
    const of = operator === undefined ? '' : ` for ${operator}`
    const advice =
      found === 'undefined'
        ? 'A field is missing there, and all that lack it would be one key: leave such elements out with filter, or give them a key of their own, such as null.'
        : 'Keys are compared by value: use a string, number, boolean, bigint or null, or an array or plain object of these ' +
          '(of a Date, for instance, its getTime() or toISOString()).'
    super('INVALID_KEY', `Invalid key${of}: ${path} is ${found}. ${advice}`)
    this.path = path
    this.found = found
    this.operator = operator
  }

  /** The same, with the operator's name. */
  forOperator(operator: string): InvalidKeyError {
    return new InvalidKeyError(this.path, this.found, operator)
  }
}

/** An element of a stream that an operator reads as pairs is no `[key, value]`. */
export class NotAPairError extends MillraceError {
  readonly found: string
  /** The id of the operator that reads pairs, where that is known. */
  readonly operator: string | undefined
  constructor(found: string, operator?: string) {
    super(
      'NOT_A_PAIR',
      `${operator === undefined ? 'An operator on pairs' : `The operator on pairs ${operator}`} got ${found}. Give it arrays of a key and a value, for instance by .map((x) => [keyOf(x), x]).`,
    )
    this.found = found
    this.operator = operator
  }

  /** The same, with the operator's name. */
  forOperator(operator: string): NotAPairError {
    return new NotAPairError(this.found, operator)
  }
}

/** What says when an element happened gave no time. */
export class EventTimeError extends MillraceError {
  readonly found: string
  constructor(operator: string, found: string) {
    super(
      'EVENT_TIME',
      `${operator}: the event time of an element is ${found}. Give whole milliseconds since 1970 (of a text Date.parse(text)), a Date, or null ` +
        'for an element that has none.',
    )
    this.found = found
  }
}

/** A value that an operator has to keep contains itself. */
export class CyclicValueError extends MillraceError {
  /** Where: `value.parent`. */
  readonly path: string
  constructor(path: string) {
    super(
      'CYCLIC_VALUE',
      `A value cannot be kept as state: ${path} is an object that contains it. Keep an id there instead of the object.`,
    )
    this.path = path
  }
}

/** The function of `mapWithState` used its state in a way that Spark's `State` forbids; the messages are Spark's. */
export class StateMisuseError extends MillraceError {
  constructor(message: string) {
    super('STATE_MISUSE', message)
  }
}

/** Saved state holds a cell that the operator it is saved for does not know (I7: never dropped silently). */
export class UnknownCellError extends MillraceError {
  readonly operator: string
  readonly cell: string
  constructor(operator: string, cell: string, options?: ErrorOptions) {
    super(
      'UNKNOWN_CELL',
      `Saved state of ${operator} holds a cell that this code does not know: ${cell}. It was written by newer code or by another ` +
        'kind of operator; deploy that code again, or give the operator a new id to let it start without state.',
      options,
    )
    this.operator = operator
    this.cell = cell
  }
}

/** A function of the job throws on a closed batch, in a bucket or in place, where no single record is to blame. */
export class BatchFailedError extends MillraceError {
  /** The operator's id. */
  readonly operator: string
  /** The batch time, milliseconds. */
  readonly time: number
  /** `bucket 3`, `partition orders-0`. */
  readonly place: string
  constructor(operator: string, time: number, place: string, cause: unknown) {
    super(
      'BATCH_FAILED',
      `${operator} fails on batch ${time} in ${place}: ${describeCause(cause)}. Nothing of that batch is committed there, and it is run ` +
        'again with every event and wake-up. Fix the function and deploy the job again; later batches wait.',
      { cause },
    )
    this.operator = operator
    this.time = time
    this.place = place
  }
}

/** Saved values have a version that this code cannot make anything of (I7: never misread). */
export class StateVersionError extends MillraceError {
  /** The operator's id. */
  readonly operator: string
  /** The version of what is saved. */
  readonly found: number
  /** The version that this code has. */
  readonly known: number
  constructor(operator: string, found: number, known: number) {
    const advice =
      found > known
        ? 'Newer code has written it. During a deployment an older instance stops with this and the event source delivers again to a new one; ' +
          'else deploy the newer code again: to go back, raise version once more and let migrate turn the values back.'
        : 'Give the operator back its migrate, until every bucket has been saved by the new code.'
    super(
      'STATE_VERSION',
      `Saved state of ${operator} has version ${found}, and this code has version ${known}${found > known ? '' : ' and no migrate'}. Nothing was changed. ${advice}`,
    )
    this.operator = operator
    this.found = found
    this.known = known
  }
}

/** `migrate` threw, or gave back what cannot be saved. */
export class MigrationError extends MillraceError {
  /** The operator's id. */
  readonly operator: string
  /** The version that the value has. */
  readonly from: number
  constructor(operator: string, from: number, to: number, key: string | undefined, cause: unknown) {
    super(
      'MIGRATION_FAILED',
      `State of ${operator}${key === undefined ? '' : `, key ${key},`} cannot be migrated from version ${from} to ${to}: ${describeCause(cause)}. ` +
        'Nothing was changed and nothing is lost: mend migrate and deploy again.',
      { cause },
    )
    this.operator = operator
    this.from = from
  }
}

/** An operator's function has changed, or tried to, what it was handed and others may see. */
export class ValueChangedError extends MillraceError {
  readonly operator: string
  constructor(operator: string, what: string, options?: ErrorOptions) {
    super(
      'VALUE_CHANGED',
      `${operator} changes a value that it was given, which others see too: ${what}. Only the first argument of a combining function, and the state that ` +
        'updateStateByKey and mapWithState give, may be changed. Make a copy and change that, for instance { ...value, n: 1 }, [...list, one], list.toSorted().',
      options,
    )
    this.operator = operator
  }
}

/** What is done with a batch after its commit fails, as the function that was given to `foreachRDD`. */
export class EffectFailedError extends MillraceError {
  /** The operator's id. */
  readonly output: string
  /** The batch time, milliseconds. */
  readonly time: number
  /** How often it has been tried by now. */
  readonly attempt: number
  /** @param again in words: when it is tried again. */
  constructor(output: string, time: number, attempt: number, again: string, cause: unknown) {
    super(
      'EFFECT_FAILED',
      `${output} fails on batch ${time} at attempt ${attempt}: ${describeCause(cause)}. It is tried again ${again}; later batches of ${output} wait in the log, ` +
        'everything else goes on. Look at what the function calls; if the function is wrong, fix it and deploy again.',
      { cause },
    )
    this.output = output
    this.time = time
    this.attempt = attempt
  }
}
