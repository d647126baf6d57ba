// `millrace state scan`: all that an operator keeps, as lines of JSON; one task after the other, one entry at a time.

import { Command, InvalidArgumentError } from 'commander'
import { placeOfTask } from '../../names/tasks.ts'
import { entriesOf } from '../../runtime/kept/entries.ts'
import { equal } from '../../values/copy.ts'
import { integer, object, text, withJson } from '../json-output.ts'
import { withManual } from '../manual.ts'
import { placeOptions } from '../place.ts'
import { endsWithItsReader, printLine } from '../stdout.ts'
import { VALUE } from './get.ts'
import {
  checkKept,
  keyOf,
  type MomentFlags,
  momentOf,
  momentOptions,
  operatorNamed,
  shown,
  stateAt,
  withJob,
} from './kept.ts'

interface ScanFlags extends MomentFlags {
  readonly prefix?: string
  readonly limit?: number
  readonly whereKey?: string
}

const LINE = object(
  { task: text('where it is: a bucket of a stage, or a partition'), cell: text(), value: VALUE },
  { key: VALUE, time: integer('of a batch that is held'), index: integer(), usedAt: integer() },
)

export function scanCommand(): Command {
  const command = withJson(momentOptions(placeOptions(new Command('scan'))), LINE, 'lines of JSON, as without it')
    .description('all that an operator keeps, a line of JSON for each key; memory holds one task at a time, packed')
    .argument('<job>', 'the name of the job')
    .argument('<operator>', 'its id, or a part that only it has')
    .option('--prefix <text>', 'only keys that begin so: texts, or tuples whose first is a text')
    .option(
      '--where-key <json>',
      'only keys that fit: an object by the fields that are named, a tuple by how it begins, others by value',
    )
    .option('--limit <n>', 'so many lines at most', positive)
    .action(runScan)
  return withManual(command, {
    examples: [['millrace state scan shop-totals totals --prefix customer- --limit 10', 'ten keys that begin so']],
    exits: { 4: 'there is no such job or operator' },
  })
}

async function runScan(job: string, name: string, flags: ScanFlags): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY } = flags
  const moment = momentOf('--at', flags.at, flags.clock)
  const isWanted = wanted(flags)
  const done = endsWithItsReader()
  try {
    await withJob(job, flags, async (opened) => {
      const operator = operatorNamed(opened.kept, name)
      await checkKept(operator.tasks, opened, moment)
      let printed = 0
      for (const task of operator.tasks) {
        const state = await stateAt(task, opened, moment)
        for (const entry of entriesOf(state, operator.id, operator.form)) {
          if (!isWanted(entry.key)) continue
          if (printed++ >= limit) return
          if (!(await printLine(JSON.stringify({ task: placeOfTask(task), ...shown(entry) })))) return
        }
      }
      if (printed === 0) console.error(`${operator.id} keeps nothing that fits.`)
    })
  } finally {
    done()
  }
}

function wanted({ prefix, whereKey }: ScanFlags): (key: unknown) => boolean {
  const pattern = whereKey === undefined ? undefined : { is: keyOf(whereKey) }
  return (key) =>
    (prefix === undefined || beginsWith(key, prefix)) &&
    (pattern === undefined || (key !== undefined && fits(key, pattern.is)))
}

function beginsWith(key: unknown, prefix: string): boolean {
  const first: unknown = Array.isArray(key) ? key[0] : key
  return typeof first === 'string' && first.startsWith(prefix)
}

function fits(key: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern))
    return Array.isArray(key) && key.length >= pattern.length && pattern.every((part, i) => fits(key[i], part))
  if (!isObject(pattern)) return equal(key, pattern)
  return (
    isObject(key) && Object.keys(pattern).every((name) => Object.hasOwn(key, name) && fits(key[name], pattern[name]))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws InvalidArgumentError */
export function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
