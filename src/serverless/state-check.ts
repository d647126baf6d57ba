// Before the stack is touched: the jobs as they would be deployed, held against the state that they have in the table, with the
// same diff that would stop their functions afterwards. It needs to read one row per job; where it may not, it says so.

import { IncompatibleJobError } from '../errors/deploy-errors.ts'
import { MillraceError, ServiceError } from '../errors/errors.ts'
import { ServiceMissingError } from '../errors/service-errors.ts'
import type { JobSchema } from '../plan/schema.ts'
import { describeDiff, diffSchemas } from '../plan/schema-diff.ts'
import { keptSchema } from '../runtime/claim.ts'
import type { JobRows } from '../stores/table.ts'
import type { DeployedJob } from './deployment.ts'
import type { PluginOptions } from './options.ts'

/** A job as it would be deployed, as far as its state is concerned. JSON: packages carry it. */
export interface StateFacts {
  readonly functionName: string
  readonly job: string
  readonly schema: JobSchema
  /** Buckets that it writes to and that this stack does not make; absent in packages of older versions. */
  readonly buckets?: readonly string[]
  /** Whether the table is not this stack's, so that it has to be there. */
  readonly externalState?: boolean
}

export interface StateCheck {
  /** What changes, a line each. */
  readonly changes: readonly string[]
  /** Why state was not looked at; undefined when it was. */
  readonly warning: string | undefined
}

/** Where a package keeps what a later `serverless deploy --package` has to know. */
export const STATE_FACTS = 'millrace-state.json'

/**
 * @param partitions counts by topic, which a bundle cannot know.
 * @param options which of table and buckets are somebody else's.
 */
export function stateFacts(
  { functionName, job: { name: job, schema, outputs, quarantine } }: Pick<DeployedJob, 'functionName' | 'job'>,
  partitions: ReadonlyMap<string, number>,
  options: Pick<PluginOptions, 'buckets' | 'state'> = { buckets: 'managed', state: 'managed' },
): StateFacts {
  const places = quarantine ? [...outputs, quarantine] : outputs
  const buckets = options.buckets === 'external' ? [...new Set(places.map(({ bucket }) => bucket))] : []
  const operators = schema.operators.map((operator) =>
    operator.topic === undefined ? operator : { ...operator, numPartitions: partitions.get(operator.topic) ?? 0 },
  )
  return { functionName, job, schema: { ...schema, operators }, buckets, externalState: options.state === 'external' }
}

/**
 * @param accept ids of operators that may go, or start empty.
 * @throws MillraceError INCOMPATIBLE_JOB with the diff of every job that does not fit; UnreadableStateError; ServiceMissingError
 * for a table that somebody else was to make.
 */
export async function checkState(
  jobs: readonly StateFacts[],
  table: JobRows,
  accept: readonly string[],
): Promise<StateCheck> {
  const [changes, refused]: [string[], MillraceError[]] = [[], []]
  for (const { job, schema, externalState } of jobs) {
    let before: JobSchema | undefined
    try {
      before = await keptSchema(table, job)
    } catch (error) {
      // Nothing is deployed yet, if it is this deployment that makes the table.
      if (error instanceof ServiceMissingError && !externalState) return { changes: [], warning: undefined }
      if (error instanceof ServiceMissingError) throw error
      if (!(error instanceof ServiceError)) throw error
      return { changes, warning: notRead(error) }
    }
    if (!before) continue
    const diff = diffSchemas(before, schema, accept)
    if (diff.breaking.length > 0) refused.push(new IncompatibleJobError(job, diff.breaking))
    else changes.push(...describeDiff(diff).map((line) => `job ${job}: ${line}`))
  }
  const [first, ...others] = refused
  if (!first) return { changes, warning: undefined }
  throw others.length === 0 ? first : new MillraceError(first.code, refused.map(({ message }) => message).join('\n'))
}

function notRead({ code, message }: ServiceError): string {
  return (
    'Jobs could not be held against the state that they have; one that does not fit will be refused by its function, after ' +
    `this deployment. ${code}: ${message}`
  )
}
