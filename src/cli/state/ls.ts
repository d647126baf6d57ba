// `millrace state ls`: which operators of a job keep something, where, and how much. Reads all that is kept, one task at a time.

import { Command } from 'commander'
import { describeTask, placeOfTask, type TaskRef } from '../../names/tasks.ts'
import type { KeptOperator } from '../../runtime/kept/operators.ts'
import type { TaskState } from '../../runtime/kept/task-state.ts'
import { columns } from '../columns.ts'
import { integer, list, object, text, withJson } from '../json-output.ts'
import { NO_JOB, withManual } from '../manual.ts'
import { placeOptions } from '../place.ts'
import { inTime, type MomentFlags, momentOf, momentOptions, type Opened, stateAt, withJob } from './kept.ts'

interface ListFlags extends MomentFlags {
  readonly json?: boolean
}

const COUNT = integer()
const LISTED = object({
  job: text(),
  closedUntil: integer('batches up to this time are closed'),
  operators: list(
    object(
      {
        operator: text(),
        kind: text(),
        unread: { type: 'boolean', description: 'the code that ran last does not have it' },
        keys: COUNT,
        batches: integer('that are held whole, as windows do'),
        bytes: integer('as stored, before compression'),
        version: integer('of its values'),
        tasks: list(
          object({ task: text(), keys: COUNT, batches: COUNT, bytes: COUNT, closedUntil: COUNT, version: COUNT }),
        ),
      },
      { stage: text(), buckets: COUNT, topic: text('whose partitions hold it, in place') },
    ),
  ),
})

export function listCommand(): Command {
  const command = withJson(momentOptions(placeOptions(new Command('ls'))), LISTED)
    .alias('list')
    .description('the operators that keep something: keys, bytes, where; reads all of it')
    .argument('<job>', 'the name of the job')
    .action(runList)
  return withManual(command, {
    examples: [
      ['millrace state ls shop-totals', 'which operators keep something, and how much'],
      ['millrace state ls shop-totals --at -24h', 'the same a day ago'],
    ],
    exits: { 4: NO_JOB },
  })
}

interface Amount {
  readonly keys: number
  readonly batches: number
  readonly bytes: number
  /** Of the values. */
  readonly version: number
  readonly closedUntil: number
}

async function runList(job: string, flags: ListFlags): Promise<void> {
  const moment = momentOf('--at', flags.at, flags.clock)
  await withJob(job, flags, async (opened) => {
    const { operators, closedUntil } = opened.kept
    const amounts = await amountsOf(operators, opened, moment)
    const rows = operators.map((operator) => ({ operator, ...inAll(operator, amounts) }))
    if (flags.json) console.log(JSON.stringify({ job, closedUntil, operators: rows.map(asJson) }))
    else if (rows.length === 0) console.error(`No operator of ${job} keeps anything from batch to batch.`)
    else for (const line of columns([HEADS, ...rows.map(inColumns)])) console.log(line)
  })
}

type Amounts = ReadonlyMap<string, ReadonlyMap<string, Amount>>

/** By operator and task. Each task is read once, whatever is in it. */
async function amountsOf(
  operators: readonly KeptOperator[],
  opened: Opened,
  moment: ReturnType<typeof momentOf>,
): Promise<Amounts> {
  const tasks = new Map(operators.flatMap((one) => one.tasks.map((task) => [describeTask(task), task] as const)))
  const amounts = new Map(operators.map(({ id }) => [id, new Map<string, Amount>()]))
  for (const [name, task] of tasks) {
    const state = await stateAt(task, opened, moment)
    for (const operator of operators) {
      if (operator.tasks.some((one) => describeTask(one) === name))
        amounts.get(operator.id)?.set(name, amountOf(state, operator))
    }
  }
  return amounts
}

function amountOf(state: TaskState, { id, form }: KeptOperator): Amount {
  let [keys, batches, bytes] = [0, 0, 0]
  for (const { cell, bytes: size } of state.cells(id)) {
    const how = form && Object.hasOwn(form.cells, String(cell[0])) ? form.cells[String(cell[0])] : undefined
    if (how === 'elements by time' || how === 'by time') batches++
    else if (how !== 'flag' && cell.length > 1) keys++
    bytes += size()
  }
  return { keys, batches, bytes, version: state.versionOf(id), closedUntil: state.point?.until ?? 0 }
}

interface Row extends Omit<Amount, 'closedUntil'> {
  readonly operator: KeptOperator
  readonly tasks: readonly (Amount & { readonly task: TaskRef })[]
}

function inAll(operator: KeptOperator, amounts: Amounts): Omit<Row, 'operator'> {
  const tasks = operator.tasks.flatMap((task) => {
    const amount = amounts.get(operator.id)?.get(describeTask(task))
    return amount ? [{ task, ...amount }] : []
  })
  const sum = (of: (amount: Amount) => number): number => tasks.reduce((all, one) => all + of(one), 0)
  return {
    keys: sum(({ keys }) => keys),
    batches: sum(({ batches }) => batches),
    bytes: sum(({ bytes }) => bytes),
    version: Math.max(1, ...tasks.map(({ version }) => version)),
    tasks,
  }
}

function asJson({ operator: { id, kind, unread, place }, keys, batches, bytes, version, tasks }: Row): object {
  const where = 'topic' in place ? { topic: place.topic } : { stage: place.stage, buckets: place.buckets }
  const each = tasks.map(({ task, ...amount }) => ({ task: placeOfTask(task), ...amount }))
  return { operator: id, kind, unread, ...where, keys, batches, bytes, version, tasks: each }
}

const HEADS = ['operator', 'kind', 'in', 'keys', 'batches', 'bytes', 'version', 'after batch']

function inColumns({
  operator: { id, kind, unread, place },
  keys,
  batches,
  bytes,
  version,
  tasks,
}: Row): (string | number)[] {
  const where = 'topic' in place ? `partitions of ${place.topic}` : `${place.buckets} buckets`
  const until = Math.max(0, ...tasks.map(({ closedUntil }) => closedUntil))
  const named = unread ? `${kind}, unread` : kind
  return [id, named, where, keys, batches, bytes, version, until === 0 ? '-' : inTime(until)]
}
