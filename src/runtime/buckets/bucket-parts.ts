// What a bucket of a shuffle stage is made of.

import type { JobSettings } from '../../graph/job.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { ShuffleStage } from '../../plan/plan.ts'
import type { Environment } from '../environment.ts'
import type { Publisher } from '../outbox.ts'
import type { Plans } from '../plans.ts'

export interface BucketParts {
  readonly ref: TaskRef
  readonly bucket: number
  readonly stage: ShuffleStage
  readonly settings: JobSettings
  readonly environment: Environment
  readonly publisher: Publisher
  readonly plans: Plans
}
