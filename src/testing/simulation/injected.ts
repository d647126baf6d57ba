// The errors that the simulation makes: those of services, as their clients would report them, told from all others.

import type { ServiceError } from '../../errors/errors.ts'
import { ServiceThrottledError, ServiceUnreachableError } from '../../errors/service-errors.ts'

interface Where {
  /** What kind of call. */
  readonly point: string
}

const INJECTED = new WeakSet<Error>()
const MARK = '(simulated)'

/** Whether an error, or a message of one, is a fault of the simulation. */
export function isInjected(error: unknown): boolean {
  return (
    (error instanceof Error && (INJECTED.has(error) || isInjected(error.cause) || error.message.includes(MARK))) ||
    (typeof error === 'string' && error.includes(MARK))
  )
}

export function unreachable({ point }: Where): ServiceError {
  return injected(new ServiceUnreachableError(...facts('UNREACHABLE', point, 'got no answer')))
}

export function throttled({ point }: Where): ServiceError {
  return injected(new ServiceThrottledError(...facts('THROTTLED', point, 'was throttled')))
}

/** Ends what would not end by itself. */
export function endless(): Error {
  return injected(new Error(`the run does not come to an end ${MARK}`))
}

type How = 'UNREACHABLE' | 'THROTTLED'

function facts(how: How, point: string, happened: string): ConstructorParameters<typeof ServiceError> {
  const [service, title, code] = isObject(point)
    ? (['s3', 'S3', 'S3'] as const)
    : point === 'arm' || point === 'ask'
      ? (['sqs', 'SQS', 'SQS'] as const)
      : (['dynamodb', 'DynamoDB', 'DYNAMODB'] as const)
  return [`${code}_${how}`, service, point, `${title} ${point} ${happened} ${MARK}`, {}, undefined]
}

function isObject(point: string): boolean {
  return /^(put (result|_SUCCESS|snapshot|spill|quarantine)|stage|complete|abort|get |exists|delete)/.test(point)
}

function injected<E extends Error>(error: E): E {
  INJECTED.add(error)
  return error
}
