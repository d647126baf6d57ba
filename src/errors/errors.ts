// Every error that Millrace throws on purpose. One class per kind of trouble, with a stable `code`, the facts as
// fields, and a message that says what was wrong, where, and what to do next (I7: never silent). docs/errors.md lists them.

import { type ErrorCode, type ErrorKind, KINDS } from './kinds.ts'

/**
 * Base class of every error that Millrace throws on purpose; `code` and `kind` are stable across releases, messages are not.
 *
 * @example
 * import { lambda } from 'millrace/lambda'
 *
 * const run = lambda(hotWords)
 * export async function handler(event: unknown) {
 *   try {
 *     return await run(event)
 *   } catch (error) {
 *     if (error instanceof MillraceError && error.kind === 'restore') console.error('call somebody', error.code)
 *     throw error
 *   }
 * }
 */
export class MillraceError extends Error {
  /** Stable identifier, for `switch`; the message may change, the code does not. docs/errors.md says what to do about each. */
  readonly code: ErrorCode
  /** Who has to do something about it, for alarms: `job`, `deployment`, `restore`, `wait` or `report`. */
  readonly kind: ErrorKind

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.kind = KINDS[code]
  }
}

/** A `MillraceError` whose facts are its fields. */
type Facts = Readonly<Record<string, unknown>>

/** The names of an error's cause, for messages: `ThrottlingException: Rate exceeded`. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}

/** What logs say of an error that stops something, so that an alarm can tell by `kind` who has to do something. */
export function errorFacts(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: String(error) }
  const { code, kind } = error instanceof MillraceError ? error : {}
  return { code, kind, error: error.name, message: error.message, stack: error.stack }
}

/** The same in a line, of what has failed and stops nothing. */
export function causeFacts(error: unknown): Readonly<Record<string, unknown>> {
  const { code, kind } = error instanceof MillraceError ? error : {}
  return { cause: describeCause(error), ...(code && { code, kind }) }
}

/** An option or argument is unknown, of the wrong type or out of range; thrown while a job is defined or loaded. */
export class InvalidOptionError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_OPTION', message, options)
  }
}

/** The event that invoked the function is not one of the shapes that AWS documents. */
export class MalformedEventError extends MillraceError {
  /** Where in the event: `records['lines-0'][3].offset`. */
  readonly path: string
  constructor(path: string, problem: string) {
    super(
      'MALFORMED_EVENT',
      `Malformed event at ${path}: ${problem}. Expected a Kafka event of an MSK or self-managed event source mapping ` +
        '(https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html); check what invokes this function.',
    )
    this.path = path
  }
}

/**
 * For functions of a job to throw when what they need is away and the record is not to blame: the micro-batch fails and is
 * delivered again, whatever `onPoison` says.
 *
 * @example if (response.status === 503) throw new TransientError('the shop is away')
 */
export class TransientError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('TRANSIENT', message, options)
  }
}

/**
 * What a function of a job throws so that an error is taken for something that is away, whatever it is: the micro-batch fails and is
 * delivered again, and no record is to blame.
 *
 * @example
 * orders.mapAsync((order) =>
 *   lookUp(order.shop).catch((error: unknown) => {
 *     throw error instanceof ShopIsClosed ? retryable(error) : error
 *   }),
 * )
 */
export function retryable(error: unknown): TransientError {
  return new TransientError(describeCause(error), { cause: error })
}

/** A service that holds state or output refused or could not be reached, after retries. */
export class ServiceError extends MillraceError {
  /** `dynamodb`, `s3`, `sqs`, `lambda`, `directory` or `folder`. */
  readonly service: string
  /** The API call, as the service names it: `PutItem`. */
  readonly operation: string
  /** What else is known: what it was about, the IAM action, status, request id, attempts. */
  readonly facts: Facts
  constructor(code: ErrorCode, service: string, operation: string, message: string, facts: Facts, cause: unknown) {
    super(code, message, { cause })
    this.service = service
    this.operation = operation
    this.facts = facts
  }
}
