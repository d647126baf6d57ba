// The job of a scenario.

import type { Job, JobOptions } from '../../src/index.ts'
import { type JobKind, simulatedJob } from './jobs.ts'
import type { Random } from './random.ts'
import { STATEFUL_KINDS, type StatefulKind, statefulJob } from './stateful-jobs.ts'

export function jobOf(kind: JobKind | StatefulKind, options: JobOptions, random: Random): Job {
  return isStateful(kind) ? statefulJob(kind, options) : simulatedJob(kind, options, random)
}

function isStateful(kind: JobKind | StatefulKind): kind is StatefulKind {
  return (STATEFUL_KINDS as readonly string[]).includes(kind)
}
