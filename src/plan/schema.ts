// The state schema of a job: what about its operators must not change while there is state of theirs (I5). It is kept with
// the job, and new code is held against it before anything runs.

import { MillraceError } from '../errors.ts'
import { isNarrow, valuesOf } from '../stream/nodes.ts'
import type { BucketStep, Edge, Plan } from './plan.ts'

/** One operator by key: what its state, or what is on its way to it, depends on. JSON. */
export interface OperatorSchema {
  readonly id: string
  readonly kind: string
  /** Buckets; of an operator in place the partitions of the topic, 0 when not known. */
  readonly numPartitions: number
  /** The topic whose partitions hold the state; undefined: buckets do. */
  readonly topic?: string
  /** The topic may get partitions: its keys stay where they are. */
  readonly mayGrow?: boolean
  /** Milliseconds, of windows. */
  readonly window?: number
  readonly slide?: number
  /** Of the values that it keeps; 1 if absent. */
  readonly version?: number
  /** Values of older versions can be migrated. */
  readonly migrates?: boolean
}

/** Elements on their way to a stage, or to operators in place: what is there when code changes has to arrive. JSON. */
export interface EdgeSchema {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly numPartitions: number
  readonly how: Edge['how']
}

export interface JobSchema {
  readonly batch: number
  readonly operators: readonly OperatorSchema[]
  /** Undefined: kept by older code, which did not say. */
  readonly edges?: readonly EdgeSchema[]
}

/** What differs between two schemas; `breaking` changes are refused. */
export interface SchemaDiff {
  readonly breaking: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** What happens to state that is there. */
  readonly migrated: readonly string[]
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

/** @param partitions how many partitions topics are known to have. */
export function schemaOf(plan: Plan, partitions: ReadonlyMap<string, number> = new Map()): JobSchema {
  const inBuckets = plan.stages.flatMap(({ steps, numPartitions }) => operatorSchemas(steps, { numPartitions }))
  const inPlace = [...plan.programs.values()].flatMap((program) => {
    const { topic, inPlace } = program
    if (!inPlace) return []
    const grows = inPlace.newPartitions === 'join' ? { mayGrow: true } : {}
    return operatorSchemas(inPlace.stage.steps, { numPartitions: partitions.get(topic) ?? 0, topic, ...grows })
  })
  return { batch: plan.job.settings.batch, operators: [...inBuckets, ...inPlace], edges: edgeSchemas(plan) }
}

function edgeSchemas({ programs, stages }: Plan): EdgeSchema[] {
  const inPlace = [...programs.values()].flatMap(({ inPlace: program }) => program?.stage ?? [])
  return [...stages, ...inPlace].flatMap(({ inputs }) =>
    inputs.map(({ edge: { id, from, to, numPartitions, how } }) => ({ id, from, to, numPartitions, how })),
  )
}

type Where = Pick<OperatorSchema, 'numPartitions' | 'topic' | 'mayGrow'>

function operatorSchemas(steps: readonly BucketStep[], where: Where): OperatorSchema[] {
  return steps.flatMap(({ id, node }) => {
    if (isNarrow(node)) return []
    const spans = 'window' in node ? { window: node.window, slide: node.slide } : {}
    const values = valuesOf(node)
    const version = values ? { version: values.version, migrates: values.migrate !== undefined } : {}
    return [{ id, kind: node.kind, ...where, ...spans, ...version }]
  })
}

/**
 * Operators may come and go; one that stays must keep its kind, its place, and its window, and its values may get a higher
 * version when they can be migrated.
 */
export function diffSchemas(before: JobSchema, after: JobSchema): SchemaDiff {
  const old = new Map(before.operators.map((operator) => [operator.id, operator]))
  const now = new Map(after.operators.map((operator) => [operator.id, operator]))
  const both = [...now.values()].flatMap((is) => {
    const was = old.get(is.id)
    return was ? [{ was, is }] : []
  })
  const stayed = both.flatMap(({ was, is }) => [...changesOf(was, is), ...versionRefused(was, is)])
  const interval =
    before.batch !== after.batch && before.operators.length > 0
      ? [`the batch interval changes from ${before.batch} ms to ${after.batch} ms`]
      : []
  return {
    breaking: [...interval, ...stayed],
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    migrated: both
      .filter(({ was, is }) => versionOf(was) < versionOf(is))
      .map(({ was, is }) => `state of ${is.id}: version ${versionOf(was)} → ${versionOf(is)}, migrated when loaded`),
  }
}

function changesOf(was: OperatorSchema, is: OperatorSchema): string[] {
  const facts = ['kind', 'window', 'slide', ...(was.topic === undefined ? (['numPartitions'] as const) : [])] as const
  const changed = facts.flatMap((fact) =>
    was[fact] === is[fact] ? [] : [`${is.id}: ${fact} changes from ${was[fact]} to ${is[fact]}`],
  )
  if (was.topic !== is.topic) return [`${is.id}: its state moves from ${placeOf(was)} to ${placeOf(is)}`]
  return [...changed, ...growthOf(was, is)]
}

function placeOf({ topic, numPartitions }: OperatorSchema): string {
  return topic === undefined ? `${numPartitions} buckets` : `the partitions of topic ${topic}`
}

/** Kafka's partitioners go by the number of partitions: with another number, keys are away from their state. */
function growthOf(was: OperatorSchema, is: OperatorSchema): string[] {
  const [before, now] = [was.numPartitions, is.numPartitions]
  if (is.topic === undefined || is.mayGrow || before === 0 || now === 0 || before === now) return []
  return [
    `${is.id}: topic ${is.topic} has ${now} partitions and had ${before}, so its keys have moved away from their state. ` +
      "If they have not (producers that choose partitions themselves), say preservesPartitioning({ newPartitions: 'join' })",
  ]
}

function versionOf({ version = 1 }: OperatorSchema): number {
  return version
}

function versionRefused(was: OperatorSchema, is: OperatorSchema): string[] {
  const [before, after] = [versionOf(was), versionOf(is)]
  if (before === after || (before < after && is.migrates)) return []
  const change = `${is.id}: version of the state changes from ${before} to ${after}`
  return before < after
    ? [`${change}, and there is no migrate to make new values of those that are there`]
    : [`${change}: to go back, raise it to ${before + 1} with a migrate that turns values of version ${before} back`]
}

/** A schema as it was kept; undefined when there is none, as of a job without shuffles by older code. */
export function parseSchema(kept: unknown): JobSchema | undefined {
  if (typeof kept !== 'object' || kept === null || !('batch' in kept) || !('operators' in kept)) return undefined
  const { batch, operators } = kept
  if (typeof batch !== 'number' || !Array.isArray(operators) || !operators.every(isOperatorSchema)) return undefined
  const edges = 'edges' in kept ? kept.edges : undefined
  if (edges === undefined) return { batch, operators }
  return Array.isArray(edges) && edges.every(isEdgeSchema) ? { batch, operators, edges } : undefined
}

function isEdgeSchema(value: unknown): value is EdgeSchema {
  return isPlaced(value) && 'from' in value && 'to' in value && 'how' in value
}

function isPlaced(value: unknown): value is { id: unknown; numPartitions: unknown } {
  return typeof value === 'object' && value !== null && 'id' in value && 'numPartitions' in value
}

function isOperatorSchema(value: unknown): value is OperatorSchema {
  return isPlaced(value) && 'kind' in value
}
