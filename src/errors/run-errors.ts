// Errors of a job that runs in a process of its own (local/run).

import { MillraceError } from './errors.ts'

/** A stopped run was to be started again, which Spark's StreamingContext refuses as well. */
export class AlreadyStoppedError extends MillraceError {
  constructor(job: string) {
    super('ALREADY_STOPPED', `Job ${job} has already been stopped. A run is started once: call run(…) for another one.`)
  }
}
