// The state schema of a job: what about its operators must not change while there is state of theirs (I5). It is kept with
// the job, and new code is held against it before anything runs.

import { MillraceError } from '../errors.ts'
import { isNarrow } from '../stream/nodes.ts'
import type { BucketStep, Plan } from './plan.ts'

/** One operator of a shuffle stage: what its state, or what is on its way to it, depends on. JSON. */
export interface OperatorSchema {
  readonly id: string
  readonly kind: string
  readonly numPartitions: number
  /** Milliseconds, of windows. */
  readonly window?: number
  readonly slide?: number
}

export interface JobSchema {
  readonly batch: number
  readonly operators: readonly OperatorSchema[]
}

/** What differs between two schemas; `breaking` changes are refused. */
export interface SchemaDiff {
  readonly breaking: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export class IncompatibleJobError extends MillraceError {
  readonly changes: readonly string[]
  constructor(job: string, changes: readonly string[]) {
    super(
      'INCOMPATIBLE_JOB',
      `The new code of job '${job}' does not fit the state that is there:\n${changes.map((change) => `  - ${change}`).join('\n')}\n` +
        'Nothing was run or changed. Undo the change, pin another id on the operator so that it starts with empty state, or give the job a new name.',
    )
    this.changes = changes
  }
}

export function schemaOf(plan: Plan): JobSchema {
  const operators = plan.stages.flatMap(({ steps, numPartitions }) =>
    steps.filter(({ node }) => !isNarrow(node)).map((step) => operatorSchema(step, numPartitions)),
  )
  return { batch: plan.job.settings.batch, operators }
}

function operatorSchema({ id, node }: BucketStep, numPartitions: number): OperatorSchema {
  const spans = 'window' in node ? { window: node.window, slide: node.slide } : {}
  return { id, kind: node.kind, numPartitions, ...spans }
}

/** Operators may come and go; one that stays must keep its kind, buckets and window. */
export function diffSchemas(before: JobSchema, after: JobSchema): SchemaDiff {
  const old = new Map(before.operators.map((operator) => [operator.id, operator]))
  const now = new Map(after.operators.map((operator) => [operator.id, operator]))
  const stayed = [...now.values()].flatMap((operator) => {
    const was = old.get(operator.id)
    return was ? changesOf(was, operator) : []
  })
  const interval =
    before.batch !== after.batch && before.operators.length > 0
      ? [`the batch interval changes from ${before.batch} ms to ${after.batch} ms`]
      : []
  return {
    breaking: [...interval, ...stayed],
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
  }
}

function changesOf(was: OperatorSchema, is: OperatorSchema): string[] {
  const facts = ['kind', 'numPartitions', 'window', 'slide'] as const
  return facts.flatMap((fact) =>
    was[fact] === is[fact] ? [] : [`${is.id}: ${fact} changes from ${was[fact]} to ${is[fact]}`],
  )
}

/** A schema as it was kept; undefined when there is none, as of a job without shuffles by older code. */
export function parseSchema(kept: unknown): JobSchema | undefined {
  if (typeof kept !== 'object' || kept === null || !('batch' in kept) || !('operators' in kept)) return undefined
  const { batch, operators } = kept
  if (typeof batch !== 'number' || !Array.isArray(operators) || !operators.every(isOperatorSchema)) return undefined
  return { batch, operators }
}

function isOperatorSchema(value: unknown): value is OperatorSchema {
  return typeof value === 'object' && value !== null && 'id' in value && 'kind' in value && 'numPartitions' in value
}
