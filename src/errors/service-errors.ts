// The six ways in which a service does not do what it was asked. stores/service-errors.ts tells them apart; whoever decides about retries does so by
// class, whatever the service.

import { ServiceError } from './errors.ts'

/** The table or bucket does not exist (under these credentials, in this region, at this endpoint). */
export class ServiceMissingError extends ServiceError {}
/** Credentials are missing, expired, or lack a permission. */
export class ServiceForbiddenError extends ServiceError {}
/** Still throttled after the SDK's retries. */
export class ServiceThrottledError extends ServiceError {}
/** No answer: connection refused, name unknown, timeout. */
export class ServiceUnreachableError extends ServiceError {}
/** An answer of success that the service itself cannot have given, or not about what was asked. */
export class ServiceForeignAnswerError extends ServiceError {}
/** Anything else that the service answered. */
export class ServiceFailedError extends ServiceError {}
