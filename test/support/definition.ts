// What a job consists of, for tests that look inside or run a part of it.

import { definitionOf, type Job, type JobDefinition } from '../../src/graph/job.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planJob } from '../../src/plan/plan-job.ts'

export const defined = (job: Job): JobDefinition => definitionOf('test', job)

export const planned = (job: Job): Plan => planJob(defined(job))
