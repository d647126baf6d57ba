// Batches that wait in a bucket for what is done after their commit (../pending-effects.ts): what becomes of them is noted in the bucket's
// log, under the same fence as all else.

import type { JobSettings } from '../../graph/job.ts'
import type { Waiting } from '../../operators/operator.ts'
import type { Environment } from '../environment.ts'
import type { Plans } from '../plans.ts'
import { bucketNote } from './bucket-commit.ts'
import type { BucketTask } from './bucket-task.ts'

interface Parts {
  readonly settings: JobSettings
  readonly environment: Environment
  readonly plans: Plans
}

export class WaitingBatches {
  readonly #bucket: BucketTask
  readonly #parts: Parts

  constructor(bucket: BucketTask, parts: Parts) {
    this.#bucket = bucket
    this.#parts = parts
  }

  /** When the first may be tried, by the clock, as far as this instance knows; undefined when none waits. */
  get from(): number | undefined {
    return this.#bucket.waitsFrom
  }

  /** @param change what is noted; called again after a lost race. False: nothing is */
  note(change: (waiting: Waiting) => boolean): Promise<void> {
    const { settings, environment, plans } = this.#parts
    return this.#bucket.note(async (head, state) => {
      const program = await state.restore(head)
      const { waiting } = program
      if (!waiting) return undefined
      const fresh = state.isSnapshotDue(head, settings) ? await state.writeSnapshot(head, settings) : undefined
      if (!change(waiting)) return undefined
      const at = environment.clock.now()
      const said = { at, code: environment.code, plan: plans.own.fingerprint, state: program.takeChanges() }
      return bucketNote(head, fresh, said, settings, waiting)
    })
  }
}
