// New code held against the schema that a job has kept: what may change, what may not, and what whoever deploys has to say
// first. Pure; the runtime, the plugin and `millrace plan --against` ask the same.

import { type JobSchema, keepsState, type OperatorSchema } from './schema.ts'

/** What differs between two schemas; `breaking` changes are refused. */
export interface SchemaDiff {
  readonly breaking: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** What happens to state that is there. */
  readonly migrated: readonly string[]
}

/**
 * Operators may come and go; one that stays must keep its kind, its place, and its window, and its values may get a higher
 * version when they can be migrated. One that goes where another of its kind comes is taken for the same one, renamed.
 *
 * @param accept ids of operators that may go, or start empty, all the same.
 */
export function diffSchemas(before: JobSchema, after: JobSchema, accept: readonly string[] = []): SchemaDiff {
  const old = new Map(before.operators.map((operator) => [operator.id, operator]))
  const now = new Map(after.operators.map((operator) => [operator.id, operator]))
  const kept = new Map([...(before.unread ?? []).map((operator) => [operator.id, operator] as const), ...old])
  const both = [...now.values()].flatMap((is) => {
    const was = kept.get(is.id)
    return was ? [{ was, is }] : []
  })
  const stayed = both.flatMap(({ was, is }) => [
    ...changesOf(was, is),
    ...otherKept(was, is),
    ...stageMoved(was, is, before, after),
    ...versionRefused(was, is),
  ])
  const gone = before.operators.filter(({ id }) => !now.has(id))
  // It may have gone with an earlier deployment: a rollback between two names of it.
  const lost = [...kept.values()].filter(({ id, accepted }) => !now.has(id) && !accepted)
  const come = after.operators.filter(({ id }) => !kept.has(id))
  const removed = gone.map(({ id }) => id)
  return {
    breaking: [...clockChanged(before, after), ...stayed, ...renamed(lost, come, accept)],
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed,
    migrated: both
      .filter(({ was, is }) => versionOf(was) < versionOf(is))
      .map(({ was, is }) => `state of ${is.id}: version ${versionOf(was)} → ${versionOf(is)}, migrated when loaded`),
  }
}

/** A diff for people, a line each. */
export function describeDiff({ added, removed, migrated, breaking }: SchemaDiff): string[] {
  return [
    ...added.map((id) => `+ ${id}: new; if it keeps state, it starts with what stands under this id, or empty`),
    ...removed.map((id) => `- ${id}: gone; if it keeps state, that is kept unread`),
    ...migrated.map((line) => `~ ${line}`),
    ...breaking.map((line) => `! ${line}`),
  ]
}

/** State and open batches are told apart by times: other times, and what is there is found no more. */
function clockChanged(before: JobSchema, after: JobSchema): string[] {
  if (before.operators.length === 0) return []
  return [
    ...(before.batch === after.batch
      ? []
      : [`the batch interval changes from ${before.batch} ms to ${after.batch} ms`]),
    ...(before.time === undefined || before.time === after.time
      ? []
      : [`time changes from '${before.time}' to '${after.time}': batches that are open would be of two kinds`]),
  ]
}

/**
 * State that nobody reads any more, and beside it an operator of the same kind that starts empty: most likely they are one.
 */
function renamed(
  gone: readonly OperatorSchema[],
  come: readonly OperatorSchema[],
  accept: readonly string[],
): string[] {
  const undeclared = (all: readonly OperatorSchema[]) =>
    all.filter((operator) => keepsState(operator) && !accept.includes(operator.id))
  const [lost, empty] = [undeclared(gone), undeclared(come)]
  const kinds = new Set(lost.map(({ kind }) => kind))
  return [...kinds].flatMap((kind) => {
    const [were, are] = [lost, empty].map((all) => all.filter((o) => o.kind === kind).map(({ id }) => id))
    const [was, is] = [were?.[0], are?.[0]]
    if (was === undefined || is === undefined) return []
    return [
      `${were?.join(', ')} is gone, and ${are?.join(', ')} of the same kind is new and would start empty. If it is the same one, say ` +
        `formerly: '${was}' at ${is} (for as long as this state is there), or if its topic was renamed, kafka(…, { formerly: '…' }). ` +
        `If not, accept that it goes: accept: [${were?.map((id) => `'${id}'`).join(', ')}].`,
    ]
  })
}

function changesOf(was: OperatorSchema, is: OperatorSchema): string[] {
  const facts = ['kind', 'window', 'slide', ...(was.topic === undefined ? (['numPartitions'] as const) : [])] as const
  const changed = facts.flatMap((fact) =>
    was[fact] === is[fact] ? [] : [`${is.id}: ${fact} changes from ${was[fact]} to ${is[fact]}`],
  )
  if (was.topic === is.topic) return [...changed, ...growthOf(was, is)]
  const moves = `${is.id}: its state moves from ${placeOf(was)} to ${placeOf(is)}`
  if (was.topic === undefined || is.topic === undefined) return [moves]
  return [`${moves}. State in partitions is in the topic's own logs, and formerly cannot carry it`]
}

function placeOf({ topic, numPartitions }: OperatorSchema): string {
  return topic === undefined ? `${numPartitions} buckets` : `the partitions of topic ${topic}`
}

/** The logs of a stage hold the state of all operators in it: in another stage they would find none. */
function stageMoved(was: OperatorSchema, is: OperatorSchema, before: JobSchema, after: JobSchema): string[] {
  if (!keepsState(is) || is.stage === undefined || was.topic !== undefined || was.stage === is.stage) return []
  const advice =
    'The operator after which a stage is called is the first by key in it: give that one the `id` of the stage where the state ' +
    'is, or formerly where it is no plain name, or keep this one away from it as it was'
  if (was.stage !== undefined)
    return [`${is.id}: its state moves from stage ${was.stage} to stage ${is.stage}. ${advice}`]
  // Older code has not said. A stage that is called after an operator which it did not have is a new one.
  const starts = ({ operators }: JobSchema): boolean => operators.some(({ id }) => id === is.stage)
  return starts(after) && !starts(before)
    ? [`${is.id}: its state moves to stage ${is.stage}, which is new. ${advice}`]
    : []
}

/** Windows of one kind may hold single values, lists of them, or what they were combined to: none can go on with another's. */
function otherKept(was: OperatorSchema, is: OperatorSchema): string[] {
  if (was.keeps === undefined || is.keeps === undefined || was.keeps === is.keeps || isMigrated(was, is)) return []
  const version = versionOf(was) + 1
  const way =
    is.keeps === 'lists'
      ? ''
      : `. To go on with them, give it version: ${version} and a migrate that makes the new of the old`
  return [`${is.id}: what its window holds changes from ${was.keeps} to ${is.keeps}${way}`]
}

function isMigrated(was: OperatorSchema, is: OperatorSchema): boolean {
  return is.keeps !== 'lists' && versionOf(was) < versionOf(is) && is.migrates === true
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
