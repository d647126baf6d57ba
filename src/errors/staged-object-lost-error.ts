import { type ObjectRef, objectUrl } from '../names/objects.ts'
import { MillraceError } from './errors.ts'

/** As of `stores/object-store.ts`. */
interface StagedObject {
  readonly ref: ObjectRef
  readonly token: string
  readonly parts: readonly string[]
  readonly bytes: number
}

/** A committed object can be neither completed nor found: its staged bytes were thrown away before it was published. */
export class StagedObjectLostError extends MillraceError {
  readonly staged: StagedObject

  constructor(staged: StagedObject, options?: ErrorOptions) {
    super(
      'STAGED_OBJECT_LOST',
      `${objectUrl(staged.ref)} (${staged.bytes} bytes) was committed, but its staged upload ${staged.token} is gone and no object of that name ` +
        'exists, and that was so long ago that a rule for stale uploads may have aborted it before it was published. ' +
        'If somebody has only taken the object away, put it back, or any object of that name: then it counts as published. Let the rule for stale uploads ' +
        'wait for retention and a week.',
      options,
    )
    this.staged = staged
  }
}
