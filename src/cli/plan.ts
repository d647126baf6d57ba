// `millrace plan`: what a job would run, and whether it fits the state that is there.

import { Command } from 'commander'
import { IncompatibleJobError } from '../errors/deploy-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { definitionOf, type JobDefinition } from '../graph/job.ts'
import { jobOfHandler } from '../lambda/job-of-handler.ts'
import { describePlan } from '../plan/describe.ts'
import { planJob } from '../plan/plan-job.ts'
import { schemaOf } from '../plan/schema.ts'
import { describeDiff, diffSchemas } from '../plan/schema-diff.ts'
import { keptSchema } from '../runtime/claim.ts'
import { dynamoTable } from '../stores/dynamo-table.ts'
import { EXIT } from './exit-codes.ts'
import { exportsOf } from './job-of-module.ts'
import { boolean, integer, list, object, text, withJson } from './json-output.ts'
import { withManual } from './manual.ts'

interface PlanFlags {
  readonly against?: string
  readonly json?: boolean
  readonly accept?: readonly string[]
}

const OPERATOR = object(
  { id: text(), kind: text(), numPartitions: integer('buckets; in place: partitions, 0 when not known') },
  {
    stage: text('in whose logs the state is'),
    topic: text('whose partitions hold the state'),
    mayGrow: boolean(),
    window: integer('milliseconds'),
    slide: integer('milliseconds'),
    keeps: text(),
    version: integer(),
    migrates: boolean(),
    state: boolean(),
    accepted: boolean(),
  },
)
/** A document for each job. */
const SCHEMA = object(
  { batch: integer('milliseconds'), time: text(), operators: list(OPERATOR) },
  { unread: list(OPERATOR) },
)

export function planCommand(): Command {
  const command = withJson(new Command('plan'), SCHEMA, 'the state schema as JSON')
    .description('show the stages, buckets and state of the jobs in a module of functions')
    .argument('<module>', 'the module whose handlers were made by lambda(job)')
    .option('--against <table>', 'hold each job against the state that it has in this table')
    .option('--accept <ids...>', 'operators that may go, or start with empty state')
    .action(runPlan)
  return withManual(command, {
    examples: [
      ['millrace plan functions/words.ts', 'stages, buckets and state'],
      [
        'millrace plan functions/words.ts --against shop-prod-millrace',
        'whether it may take over the state that is there',
      ],
    ],
    exits: { 3: 'the code does not fit the state that is there' },
  })
}

async function runPlan(module: string, { against, json, accept = [] }: PlanFlags): Promise<void> {
  const loaded = await exportsOf(module)
  const jobs = new Set(Object.values(loaded).flatMap((value) => jobOfHandler(value) ?? []))
  if (jobs.size === 0) throw new InvalidOptionError(`${module} exports no handler made by lambda(job).`)
  for (const job of [...jobs].map((one) => definitionOf(module, one))) {
    const plan = planJob(job)
    console.log(json ? JSON.stringify(schemaOf(plan), undefined, 2) : describePlan(plan))
    if (against !== undefined) await compare(job, against, accept, json ? console.error : console.log)
  }
}

async function compare(
  job: JobDefinition,
  name: string,
  accept: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const table = dynamoTable({ table: name })
  const before = await keptSchema(table, job.name)
  table.close()
  if (!before) return say(`job ${job.name} has no state in table ${name}`)
  const diff = diffSchemas(before, schemaOf(planJob(job)), accept)
  for (const line of describeDiff(diff)) say(line)
  if (diff.breaking.length > 0) {
    const { code, message } = new IncompatibleJobError(job.name, diff.breaking)
    console.error(`${code}: ${message}`)
    process.exitCode = EXIT.refused
    return
  }
  say(`job ${job.name} fits its state in table ${name}`)
}
