// Who runs a job: a row of the table says so, written by the first function that runs it. Two functions with one job
// name would each drop the other's records as duplicates; that is refused before anything runs (I7).

import { IncompatibleJobError } from '../errors/deploy-errors.ts'
import { describeCause } from '../errors/errors.ts'
import { JobNameTakenError, PartitionsUnknownError } from '../errors/runtime-errors.ts'
import { UnreadableStateError } from '../errors/state-errors.ts'
import { CLAIM_ROW } from '../names/rows.ts'
import type { Plan } from '../plan/plan.ts'
import { type JobSchema, parseSchema, schemaOf, succeeding } from '../plan/schema.ts'
import { diffSchemas } from '../plan/schema-diff.ts'
import type { JobRows } from '../stores/table.ts'
import type { Environment } from './environment.ts'

export interface ClaimOptions {
  /** From another function. */
  readonly takeOver: boolean
  /** Ids of operators that may go, or start empty. */
  readonly accept: readonly string[]
}

/**
 * Claims the job, once per cold start.
 *
 * @param fingerprint of the plan's shape
 * @param introduce called before the claim is written, when the job, its code or its partitions are new: a crash in
 * between makes the next cold start do it again.
 * @returns whether nobody had claimed it before.
 * @throws JobNameTakenError when another function owns the job.
 * @throws IncompatibleJobError when the code does not fit the state that is there (I5).
 */
export async function claimJob(
  plan: Plan,
  fingerprint: string,
  environment: Environment,
  { takeOver, accept }: ClaimOptions,
  introduce: () => Promise<void>,
): Promise<boolean> {
  const { table, owner, code, clock } = environment
  const { name } = plan.job
  const topics = [...plan.programs.keys()].map((topic) => `${topic}:${environment.partitions.get(topic) ?? '?'}`)
  checkPartitionsKnown(plan, environment)
  const schema = schemaOf(plan, environment.partitions)
  const since = new Date(clock.now()).toISOString()
  const facts = { owner, code, topics: topics.join(' '), plan: fingerprint, since }
  for (;;) {
    const row = await table.getRow(name, CLAIM_ROW)
    if (!row) {
      await introduce()
      const data = { ...facts, schema: JSON.stringify(schema) }
      if ((await table.createRow(name, CLAIM_ROW, { rev: 1, data })) === 'created') return true
      continue
    }
    const other = String(row.data.owner)
    if (other !== owner && !takeOver) throw new JobNameTakenError(name, owner, other, String(row.data.since))
    const before = parseKept(name, row.data.schema)
    const claim = { ...facts, schema: JSON.stringify(succeeding(before, schema, accept)) }
    const same = (['code', 'topics', 'schema', 'plan'] as const).every((fact) => row.data[fact] === claim[fact])
    if (other === owner && same) return false
    const breaking = before ? diffSchemas(before, schema, accept).breaking : []
    if (breaking.length > 0) throw new IncompatibleJobError(name, breaking)
    await introduce()
    const data = { ...claim, since: other === owner ? (row.data.since ?? claim.since) : claim.since }
    if ((await table.replaceRow(name, CLAIM_ROW, { rev: row.rev + 1, data }, row.rev)) === 'replaced') return false
  }
}

/** A new partition of a topic that state is in must be told from one that was only silent (I7). */
function checkPartitionsKnown({ job, programs }: Plan, { partitions }: Environment): void {
  for (const { topic, inPlace } of programs.values()) {
    if (inPlace?.newPartitions === 'fail' && !partitions.has(topic)) throw new PartitionsUnknownError(job.name, topic)
  }
}

/** The function that runs the job, as the table has it; undefined when none has. */
export async function ownerOf(table: JobRows, job: string): Promise<string | undefined> {
  const owner = (await table.getRow(job, CLAIM_ROW))?.data.owner
  return typeof owner === 'string' ? owner : undefined
}

/** The schema that a job has left in the table, for `millrace plan --against`. */
export async function keptSchema(table: JobRows, job: string): Promise<JobSchema | undefined> {
  return parseKept(job, (await table.getRow(job, CLAIM_ROW))?.data.schema)
}

/** Undefined only when nothing was kept. @throws UnreadableStateError: what cannot be read cannot be held against new code. */
function parseKept(job: string, kept: unknown): JobSchema | undefined {
  if (kept === undefined) return undefined
  const where = `the schema of job ${job} in row ${CLAIM_ROW}`
  try {
    const schema = typeof kept === 'string' ? parseSchema(JSON.parse(kept)) : undefined
    if (schema) return schema
  } catch (cause) {
    throw new UnreadableStateError(where, describeCause(cause), { cause })
  }
  throw new UnreadableStateError(where, 'it is no schema')
}
