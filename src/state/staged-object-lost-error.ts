import { MillraceError } from '../errors.ts'
import { objectUrl, type StagedObject } from './object-store.ts'

/** A committed object can be neither completed nor found: its staged bytes were thrown away before it was published. */
export class StagedObjectLostError extends MillraceError {
  readonly staged: StagedObject

  constructor(staged: StagedObject, options?: ErrorOptions) {
    super(
      'STAGED_OBJECT_LOST',
      `${objectUrl(staged.ref)} (${staged.bytes} bytes) was committed, but its staged upload ${staged.token} is gone and no object of that name ` +
        'exists. A lifecycle rule that aborts incomplete uploads runs sooner than the job was healed, or somebody aborted the upload or deleted ' +
        'the object. Give that rule at least 7 days; to get the contents back, rewind the task to before this commit so that it runs again.',
      options,
    )
    this.staged = staged
  }
}
