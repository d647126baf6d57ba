// What can be wrong with objects that a commit has promised: they can neither be published nor given up by themselves (I3).

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

/** What was staged lies in its bucket, as an upload that only this bucket can complete. */
export class StagedElsewhereError extends MillraceError {
  constructor(job: string, ref: ObjectRef, bytes: number) {
    super(
      'STAGED_ELSEWHERE',
      `${objectUrl(ref)} (${bytes} bytes) cannot be redirected: it was too large for a commit, and its bytes are an upload in that bucket. ` +
        `Allow s3:PutObject on the bucket again, so that it can be completed there, or give it up: npx millrace outbox drop '${job}' --from s3://${ref.bucket}.`,
    )
  }
}
