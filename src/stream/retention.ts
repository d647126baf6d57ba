// For how long what a job writes is kept, and how long it waits: what one must be at least for the other, checked at definition.

import { InvalidOptionError } from '../errors/errors.ts'
import { type Duration, MAX_DURATION_MS, toMillis } from '../options/duration.ts'

/** What an open batch is open for, milliseconds. */
export interface OpenFor {
  readonly batch: number
  readonly idleAfter: number
  readonly clockSkew: number
}

/** An invocation lives for 15 minutes at most: one that hangs must not find the version free again that another has taken. */
const LEAST_RETENTION_MS = 3_600_000

/**
 * A log that falls quiet is sealed after `idleAfter`; its entries must live until then. And what a batch adds to is needed until it
 * has been closed: half of `retention` is for that, and the other half for trouble on the way.
 */
export function checkRetention(
  where: string,
  retention: Duration | undefined,
  { batch, idleAfter, clockSkew }: OpenFor,
): number {
  const open = batch + idleAfter + clockSkew
  const least = Math.max(LEAST_RETENTION_MS, 10 * idleAfter, Math.min(2 * open, MAX_DURATION_MS))
  if (least > MAX_DURATION_MS) {
    throw new InvalidOptionError(`${where}, idleAfter: ${idleAfter} ms is too long; at most 100 years are possible.`)
  }
  const millis = toMillis(`${where}, retention`, retention ?? Math.max(7 * 86_400_000, least))
  if (millis >= least) return millis
  throw new InvalidOptionError(
    `${where}, retention: ${millis} ms is too short; it must be at least ${least} ms: an hour, because invocations that hang must not outlive what others have committed; ` +
      `ten times idleAfter (${idleAfter} ms), because a log must not expire before it is sealed; and twice batch, idleAfter and clockSkew together ` +
      `(${open} ms), because what is in an open batch must not expire before it can be closed.`,
  )
}

/** What is open must not expire while it waits. */
export function checkWaitForFailed(where: string, wait: Duration | undefined, retention: number): number {
  const most = retention / 2
  const millis = toMillis(`${where}, waitForFailed`, wait ?? Math.min(3_600_000, most))
  if (millis <= most) return millis
  throw new InvalidOptionError(
    `${where}, waitForFailed: ${millis} ms is too long; it may be ${most} ms, half of retention, because what waits must not expire.`,
  )
}
