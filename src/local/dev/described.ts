// The jobs of a build: those of a module's handlers, or those of the functions that serverless.yml names, each asked in the environment
// that it will have.

import { readFileSync } from 'node:fs'
import { InvalidOptionError } from '../../errors/errors.ts'
import { describeJob, describeJobs, type JobDescription } from '../../serverless/describe.ts'
import type { PlannedFunction, ServicePlan } from '../../serverless/dev-plan.ts'

export interface Described {
  readonly exportName: string
  readonly description: JobDescription
  readonly env: Readonly<Record<string, string>>
  readonly planned?: PlannedFunction
}

export interface Describing {
  /** For messages. */
  readonly title: string
  readonly file: string
  /** Of services. */
  readonly variables: Readonly<Record<string, string>>
  /** Of the job: over those of a plan. */
  readonly env: Readonly<Record<string, string>>
  readonly exportName?: string
  readonly plan?: ServicePlan
}

/** What `serverless millrace dev` has written. */
export function readPlan(file: string): ServicePlan {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** @throws InvalidOptionError when it cannot be imported, or has no such job */
export async function describeBuild(asked: Describing): Promise<readonly Described[]> {
  const { title, file, variables, exportName, plan } = asked
  if (plan) return describePlan(asked, plan)
  const env = { ...variables, ...asked.env }
  const jobs = await describeJobs(title, file, env)
  const found = [...jobs].filter(([name]) => exportName === undefined || name === exportName)
  if (found.length === 0)
    throw new InvalidOptionError(`there is no export '${exportName}', only ${[...jobs.keys()].join(', ')}`)
  // A handler may be exported twice: by its name and as the default.
  const byName = new Map(found.map((one) => [one[1].name, one]))
  return [...byName.values()].map(([name, description]) => ({ exportName: name, description, env }))
}

async function describePlan({ file, variables, env }: Describing, plan: ServicePlan): Promise<readonly Described[]> {
  const described = await Promise.all(
    Object.entries(plan.functions).map(async ([name, planned]) => {
      const { where, handler } = planned
      const own = { ...variables, ...planned.env, ...env, MILLRACE_FUNCTION: name }
      const description = await describeJob(where, handler, { file, exportName: name }, own)
      return { exportName: name, description, env: own, planned }
    }),
  )
  for (const [job, some] of Map.groupBy(described, ({ description }) => description.name)) {
    if (some.length > 1)
      throw new InvalidOptionError(
        `${plan.title}: ${some.map(({ exportName }) => exportName).join(' and ')} run jobs that are both called '${job}'. The name is the identity of a job's state: give one of them another.`,
      )
  }
  return described
}
