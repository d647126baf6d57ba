// What a job's state depends on, as data (I5): it is kept in the table, and new code is held against it before anything runs
// (schema-diff.ts).

import type { Made } from '../operators/operator.ts'
import type { BatchStep, Plan } from './plan.ts'

/** One operator by key: what its state, or what is on its way to it, depends on. JSON. */
export interface OperatorSchema {
  readonly id: string
  readonly kind: string
  /** Buckets; of an operator in place the partitions of the topic, 0 when not known. */
  readonly numPartitions: number
  /** The stage in whose logs the state is; undefined of operators in place, and as older code has kept it. */
  readonly stage?: string
  /** The topic whose partitions hold the state; undefined: buckets do. */
  readonly topic?: string
  /** The topic may get partitions: its keys stay where they are. */
  readonly mayGrow?: boolean
  /** Milliseconds, of windows. */
  readonly window?: number
  readonly slide?: number
  /** What a window has in it; undefined: older code has not said. */
  readonly keeps?: Made | 'values'
  /** Of the values that it keeps; 1 if absent. */
  readonly version?: number
  /** Values of older versions can be migrated. */
  readonly migrates?: boolean
  /** It keeps state from batch to batch; not said of kinds that are older than this field. */
  readonly state?: boolean
  /** Kept unread, and whoever deploys has accepted that it is gone: none that comes is taken for it. */
  readonly accepted?: boolean
}

export interface JobSchema {
  readonly batch: number
  /** What batch an element belongs to; undefined: older code has not said. */
  readonly time?: string
  readonly operators: readonly OperatorSchema[]
  /** Operators that this code does not have, and whose state is kept unread: where they come back, it is theirs. */
  readonly unread?: readonly OperatorSchema[]
}

/** @param partitions how many partitions topics are known to have. */
export function schemaOf(plan: Plan, partitions: ReadonlyMap<string, number> = new Map()): JobSchema {
  const inBuckets = plan.stages.flatMap(({ id, steps, numPartitions }) =>
    operatorSchemas(steps, { numPartitions, stage: id }),
  )
  const inPlace = [...plan.programs.values()].flatMap((program) => {
    const { topic, inPlace } = program
    if (!inPlace) return []
    const grows = inPlace.newPartitions === 'join' ? { mayGrow: true } : {}
    return operatorSchemas(inPlace.stage.steps, { numPartitions: partitions.get(topic) ?? 0, topic, ...grows })
  })
  const { batch, time } = plan.job.settings
  return { batch, time, operators: [...inBuckets, ...inPlace] }
}

type Where = Pick<OperatorSchema, 'numPartitions' | 'stage' | 'topic' | 'mayGrow'>

function operatorSchemas(steps: readonly BatchStep[], where: Where): OperatorSchema[] {
  return steps.flatMap(({ id, node: { operator } }) => {
    if (operator.runs !== 'on batches') return []
    const { kind, state, values } = operator
    const version = values ? { version: values.version, migrates: values.migrate !== undefined } : {}
    const keeps = state && !KEPT_STATE.has(kind) ? { state: true } : {}
    return [{ id, kind, ...where, ...state?.fixed, ...version, ...keeps }]
  })
}

/** Kinds that schemas do not say it of: they are older than the field. */
const KEPT_STATE: ReadonlySet<string> = new Set(['window', 'inverseWindow', 'updateStateByKey', 'mapWithState'])

/** Whether an operator keeps state from batch to batch. */
export function keepsState({ kind, state = false }: OperatorSchema): boolean {
  return state || KEPT_STATE.has(kind)
}

/** The schema to keep where one was kept already: what new code lacks is remembered, and which of it was accepted to be gone. */
export function succeeding(before: JobSchema | undefined, after: JobSchema, accept: readonly string[] = []): JobSchema {
  const here = new Set(after.operators.map(({ id }) => id))
  const unread = [...(before?.operators ?? []), ...(before?.unread ?? [])]
    .filter((operator) => keepsState(operator) && !here.has(operator.id))
    .map((operator) => (accept.includes(operator.id) ? { ...operator, accepted: true } : operator))
  return unread.length > 0 ? { ...after, unread } : after
}

/** A schema as it was kept; undefined when it is none. */
export function parseSchema(kept: unknown): JobSchema | undefined {
  if (typeof kept !== 'object' || kept === null || !('batch' in kept) || !('operators' in kept)) return undefined
  const { batch, operators } = kept
  const time = 'time' in kept ? kept.time : undefined
  const unread = 'unread' in kept ? kept.unread : undefined
  if (typeof batch !== 'number' || !isOperators(operators)) return undefined
  if (time !== undefined && typeof time !== 'string') return undefined
  if (unread !== undefined && !isOperators(unread)) return undefined
  return { batch, ...(time !== undefined && { time }), operators, ...(unread && { unread }) }
}

function isOperators(value: unknown): value is OperatorSchema[] {
  return Array.isArray(value) && value.every(isOperatorSchema)
}

function isOperatorSchema(value: unknown): value is OperatorSchema {
  return typeof value === 'object' && value !== null && 'id' in value && 'kind' in value && 'numPartitions' in value
}
