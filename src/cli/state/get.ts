// `millrace state get`: what a job thinks of one key, now or at a moment that is kept.

import { Command } from 'commander'
import { NotFoundError } from '../../errors/cli-errors.ts'
import { placeOfTask, type TaskRef } from '../../names/tasks.ts'
import { entriesOfKey, type KeptEntry } from '../../runtime/kept/entries.ts'
import { type KeptOperator, tasksOfKey } from '../../runtime/kept/operators.ts'
import type { Moment } from '../../runtime/kept/points.ts'
import { tagged, taggedText } from '../../values/tagged-json.ts'
import { integer, type JsonSchema, list, object, text, withJson } from '../json-output.ts'
import { withManual } from '../manual.ts'
import { placeOptions } from '../place.ts'
import {
  inTime,
  inWords,
  keyOf,
  type MomentFlags,
  momentOf,
  momentOptions,
  type Opened,
  operatorNamed,
  shown,
  stateAt,
  withJob,
} from './kept.ts'

interface GetFlags extends MomentFlags {
  readonly json?: boolean
}

/** A value as JSON; what JSON lacks has a form with `$` (docs/guide/state.md). */
export const VALUE: JsonSchema = { description: 'JSON; what JSON lacks as {"$bigint": "7"} and the like' }

const TIME = integer('milliseconds since 1970')
const FOUND = object({
  job: text(),
  operator: text(),
  kind: text(),
  key: VALUE,
  found: { type: 'boolean' },
  entries: list(
    object(
      { task: text('where it is: a bucket of a stage, or a partition'), cell: text(), value: VALUE },
      {
        key: VALUE,
        time: integer('of a batch that is held, its time'),
        index: integer('of an element without key, which of its batch'),
        usedAt: integer('of a key with a timeout, the batch that used it last'),
      },
    ),
  ),
  asOf: list(
    object({
      task: text(),
      version: integer('of the entry of its log that had the word; 0: it had not begun'),
      closedUntil: TIME,
      committedAt: TIME,
    }),
  ),
})

export function getCommand(): Command {
  const command = withJson(momentOptions(placeOptions(new Command('get'))), FOUND)
    .description('what is kept under a key: reads the bucket that the key hashes to')
    .argument('<job>', 'the name of the job')
    .argument('<operator>', 'its id, or a part that only it has; `millrace state ls` shows them')
    .argument('<key>', 'as JSON: \'"7"\', 7, \'["eu",7]\'; a word without quotes is a text')
    .action(runGet)
  return withManual(command, {
    examples: [
      ['millrace state get shop-totals totals customer-7', 'what is kept of a key'],
      [
        'millrace state get shop-totals totals \'["eu",7]\' --at 2026-11-30T12:00:00Z',
        'of a key that is a tuple, at a time',
      ],
    ],
    exits: { 4: 'there is no such job, operator or key' },
  })
}

interface Found {
  readonly task: TaskRef
  readonly version: number
  readonly closedUntil: number
  readonly committedAt: number
  readonly entries: readonly KeptEntry[]
}

async function runGet(job: string, name: string, keyText: string, flags: GetFlags): Promise<void> {
  const key = keyOf(keyText)
  const moment = momentOf('--at', flags.at, flags.clock)
  await withJob(job, flags, async (opened) => {
    const operator = operatorNamed(opened.kept, name)
    const found = await look(opened, operator, key, moment)
    const isFound = found.some(({ entries }) => entries.length > 0)
    if (flags.json) console.log(JSON.stringify(asJson(job, operator, key, found)))
    else if (isFound) for (const line of lines(operator, key, found)) console.log(line)
    if (!isFound) throw new NotFoundError(await absent(opened, operator, key, moment, keyText))
  })
}

async function look(
  opened: Opened,
  operator: KeptOperator,
  key: unknown,
  moment: Moment | undefined,
): Promise<Found[]> {
  const tasks = tasksOfKey(operator, key)
  return Promise.all(
    tasks.map(async (task): Promise<Found> => {
      const state = await stateAt(task, opened, moment)
      const { version = 0, until = 0, at = 0 } = state.point ?? {}
      const entries = [...entriesOfKey(state, operator.id, operator.form, key)]
      return { task, version, closedUntil: until, committedAt: at, entries }
    }),
  )
}

function asJson(job: string, { id, kind }: KeptOperator, key: unknown, found: readonly Found[]): object {
  const entries = found.flatMap(({ task, entries }) =>
    entries.map((one) => ({ task: placeOfTask(task), ...shown(one) })),
  )
  const asOf = found.map(({ task, version, closedUntil, committedAt }) => ({
    task: placeOfTask(task),
    version,
    closedUntil,
    committedAt,
  }))
  return { job, operator: id, kind, key: tagged(key), found: entries.length > 0, entries, asOf }
}

function lines({ id, kind }: KeptOperator, key: unknown, found: readonly Found[]): string[] {
  return found.flatMap(({ task, closedUntil, committedAt, entries }) =>
    entries.length === 0
      ? []
      : [
          `${id} (${kind}), ${taggedText(key)} in ${placeOfTask(task)}, after batch ${inTime(closedUntil)}, committed at ${inTime(committedAt)}:`,
          ...entries.map((entry) => `  ${inWords(withoutKey(entry))}`),
        ],
  )
}

function withoutKey({ key: _, ...entry }: KeptEntry): KeptEntry {
  return entry
}

/** What is not there, and whether the same as a text is: 7 and "7" are two keys. */
async function absent(
  opened: Opened,
  operator: KeptOperator,
  key: unknown,
  moment: Moment | undefined,
  typed: string,
): Promise<string> {
  const when = moment === undefined ? '' : ` at ${inTime('clock' in moment ? moment.clock : moment.batch)}`
  const missing = `${operator.id} keeps nothing of ${taggedText(key)}${when}.`
  if (typeof key === 'string') {
    const number = Number(key)
    const other = key.trim() !== '' && String(number) === key ? number : undefined
    return other !== undefined && (await has(opened, operator, other, moment))
      ? `${missing} It does of the number: ${typed.replaceAll('"', '')} without quotes.`
      : missing
  }
  if (typeof key !== 'number' && typeof key !== 'boolean') return missing
  return (await has(opened, operator, typed, moment))
    ? `${missing} It does of the text: write '${JSON.stringify(typed)}'.`
    : missing
}

async function has(opened: Opened, operator: KeptOperator, key: unknown, moment: Moment | undefined): Promise<boolean> {
  return (await look(opened, operator, key, moment)).some(({ entries }) => entries.length > 0)
}
