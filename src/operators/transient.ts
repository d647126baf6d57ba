// Which errors say that something is away for now, so that no record is to blame: it would be wrong to set one aside.

import { describeCause, retryable, TransientError } from '../errors/errors.ts'

/**
 * Of Node's sockets and name service, undici (`fetch`), SQLSTATE, MySQL (`mysql2`) and Prisma: connections, shutdowns, deadlocks, too many
 * at once. gRPC's numbers are not here: other libraries use them for something else.
 */
const CODES: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET', 'EADDRNOTAVAIL', 'EMFILE'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET'],
  ...['08000', '08001', '08003', '08004', '08006', '40001', '40P01', '53300', '57P01', '57P02', '57P03'],
  ...[
    'PROTOCOL_CONNECTION_LOST',
    'ER_CON_COUNT_ERROR',
    'ER_LOCK_DEADLOCK',
    'ER_LOCK_WAIT_TIMEOUT',
    'ER_SERVER_SHUTDOWN',
  ],
  ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2034'],
])

/** Also of MongoDB's driver, Knex, Sequelize, ioredis and KafkaJS. */
const NAMES = new RegExp(
  `^(${[
    ...['AbortError', 'TimeoutError', '.*Throttl.*', 'TooManyRequests(Exception)?', 'ServiceUnavailable(Exception)?'],
    ...['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'SlowDown'],
    ...['Mongo(Network|NetworkTimeout|ServerSelection|PoolCleared|WaitQueueTimeout)Error', 'KnexTimeoutError'],
    ...[
      'SequelizeConnection.*Error',
      'MaxRetriesPerRequestError',
      'KafkaJS(Connection|RequestTimeout|NumberOfRetriesExceeded).*',
    ],
  ].join('|')})$`,
)

/** Errors of which the job itself has said that they are not. */
const judgedOtherwise = new WeakSet<object>()

/** How many causes are looked at: chains may be cycles. */
const DEPTH = 8

/** Whether an error, or what caused it, is of something that may be there again in a moment. */
export function isTransient(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth === DEPTH || judgedOtherwise.has(error)) return false
  if (error instanceof TransientError || says(error)) return true
  if (error instanceof AggregateError && error.errors.some((one) => isTransient(one, depth + 1))) return true
  return 'cause' in error && isTransient(error.cause, depth + 1)
}

function says(error: object): boolean {
  const of = (name: string): unknown => Reflect.get(error, name)
  if (of('transient') === true || of('retryable') === true || of('retriable') === true || isSet(of('$retryable')))
    return true
  if (CODES.has(of('code')) || NAMES.test(String(of('name')))) return true
  const metadata = of('$metadata')
  const status = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined
  return [status, of('status'), of('statusCode')].some(isUnavailable)
}

/** The AWS SDK marks what may be tried again with an object. */
function isSet(mark: unknown): boolean {
  return mark !== undefined && mark !== null && mark !== false
}

function isUnavailable(status: unknown): boolean {
  return typeof status === 'number' && (status === 429 || (status >= 500 && status < 600))
}

/** An error as the job judges it. @param judge the option `transient` of `mapAsync`; without it nothing is changed. */
export function judged(error: unknown, judge: ((error: unknown) => boolean) | undefined): unknown {
  if (!judge) return error
  if (judge(error)) return retryable(error)
  if (typeof error === 'object' && error !== null) judgedOtherwise.add(error)
  return error
}

const ofCalls = new WeakSet<object>()

/** Takes note that an error comes from an asynchronous call, so from elsewhere. */
export function ofCall(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) ofCalls.add(error)
  return error
}

/** Whether errors are all of calls, more than one, and alike: then rather what was called is to blame than all that were sent. */
export function allAlike(errors: readonly unknown[]): boolean {
  const [first] = errors
  return (
    errors.length > 1 &&
    errors.every((error) => typeof error === 'object' && error !== null && ofCalls.has(error)) &&
    errors.every((error) => describeCause(error) === describeCause(first))
  )
}
