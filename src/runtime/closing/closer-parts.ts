// What the closing task works with, and what it knows before it has read anything.

import type { JobSettings } from '../../graph/job.ts'
import type { CloseCommit } from '../../log/commit-record.ts'
import type { PlannedOutput } from '../../plan/plan.ts'
import type { Stages } from '../buckets/stages.ts'
import type { Environment } from '../environment.ts'
import type { KeepAlive } from '../keep-alive.ts'
import type { Publisher } from '../outbox.ts'
import type { Plans } from '../plans.ts'
import type { SourceTask } from '../source-task.ts'
import type { Telling } from '../telling.ts'

export interface CloserParts {
  readonly job: string
  readonly settings: JobSettings
  /** Outputs of the source stage. */
  readonly outputs: readonly PlannedOutput[]
  /** What has to run when a batch is closed. */
  readonly stages: Stages
  /** Whether any source task has operators by key, and the task of that name if it does. */
  readonly anyInPlace: boolean
  taskInPlace(task: string): SourceTask | undefined
  /** Whether a micro-batch of the task is under way in this very process. */
  isAtWork(task: string): boolean
  readonly environment: Environment
  readonly publisher: Publisher
  readonly plans: Plans
  readonly keepAlive: KeepAlive
  /** Absent where nobody listens. */
  readonly telling: Telling | undefined
}

/** What is left after a look. */
export interface Look {
  /** The first batch time that is not closed and has data, or something to do without; undefined when there is none. */
  readonly open: number | undefined
  /** Whether everything is closed, sealed and at rest. */
  readonly atRest: boolean
}

/** What is left when all is closed that the clock lets be closed. */
export interface Settled {
  /** The next time at which something is to be done; undefined: at rest. */
  readonly open: number | undefined
  /** How far source tasks have come, the open batches included; -Infinity without any. */
  readonly last: number
  /** Something promised is still to be done: a function to be called, positions to be told. */
  readonly waits: boolean
}

/** Of a job that has closed nothing. */
export const NOTHING_CLOSED: CloseCommit = {
  kind: 'join',
  at: 0,
  code: '',
  closedUntil: 0,
  before: 0,
  tasks: [],
  buckets: [],
  closed: [],
  outbox: [],
}
