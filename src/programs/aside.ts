// What becomes of values on which a function of the job throws where a closed batch is run: the batch stops, or the values of that
// one key (of one record, where the function is called per record) are set aside with the error, and the rest goes on.

import { isTransient } from '../operators/transient.ts'
import type { PoisonPolicy } from '../stream/job.ts'

export interface Failure {
  /** Undefined where there is no key. */
  readonly key?: unknown
  readonly values: readonly unknown[]
  readonly error: unknown
}

/** What was set aside, and where. */
export interface SetAside extends Failure {
  readonly operator: string
  /** The batch time. */
  readonly time: number
}

/** Takes a failure, or throws its error. */
export type Aside = (failure: Failure) => void

export const stop: Aside = ({ error }) => {
  throw error
}

/** By policy: what something is away for is nobody's fault, and stops in any case. */
export function asideBy(policy: PoisonPolicy, take: (failure: Failure) => void): Aside {
  if (policy === 'fail') return stop
  return (failure) => (isTransient(failure.error) ? stop(failure) : take(failure))
}
