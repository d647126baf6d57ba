// What becomes of values on which a function of the job throws where a closed batch is run: the batch stops, or the values of that
// one key (of one record, where the function is called per record) are set aside with the error, and the rest goes on.

import type { PoisonPolicy } from '../graph/job.ts'
import { type Aside, type Failure, stop } from '../operators/operator.ts'
import { isTransient } from '../operators/transient.ts'

/** What was set aside, and where. */
export interface SetAside extends Failure {
  readonly operator: string
  /** The batch time. */
  readonly time: number
}

/** By policy: what something is away for is nobody's fault, and stops in any case. */
export function asideBy(policy: PoisonPolicy, take: (failure: Failure) => void): Aside {
  if (policy === 'fail') return stop
  return (failure) => (isTransient(failure.error) ? stop(failure) : take(failure))
}
