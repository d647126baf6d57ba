// `millrace state edit`: the state of one key, as an entry of the log of the task that keeps it.

import { text as textOf } from 'node:stream/consumers'
import { Command } from 'commander'
import { NotFoundError, RefusedError } from '../../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import { placeOfTask, type TaskRef } from '../../names/tasks.ts'
import { editState, type Found, stateOf } from '../../runtime/edit-state.ts'
import type { EditPlace } from '../../runtime/edits.ts'
import { type KeptOperator, keptJob, tasksOfKey } from '../../runtime/kept/operators.ts'
import { tagged, taggedText, valueOfText } from '../../values/tagged-json.ts'
import { integer, object, text, withJson } from '../json-output.ts'
import { NO_JOB, withManual } from '../manual.ts'
import { type WhoFlags, whoIs } from '../offsets/moving.ts'
import { positionsOf } from '../offsets/positions.ts'
import { editPlaceOf, logsOf, openPlace, type PlaceFlags, placeOptions } from '../place.ts'
import { unlike } from './alike.ts'
import { VALUE } from './get.ts'
import { keyOf, operatorNamed } from './kept.ts'

interface EditFlags extends PlaceFlags, WhoFlags {
  readonly delete?: boolean
  readonly stdin?: boolean
  readonly task?: string
  readonly otherType?: boolean
  readonly execute?: boolean
  readonly json?: boolean
}

const EDITED = object(
  { job: text(), operator: text(), key: VALUE, task: text(), executed: { type: 'boolean' } },
  { before: VALUE, after: VALUE, version: integer('of the entry that says so, in the log of the task') },
)

export function editCommand(): Command {
  const command = withJson(placeOptions(new Command('edit')), EDITED)
    .description('set or delete the state of one key; shows before → after until --execute')
    .argument('<job>', 'the name of the job')
    .argument('<operator>', 'its id, or a part that only it has; `millrace state ls` shows them')
    .argument('<key>', 'as JSON: \'"7"\', 7, \'["eu",7]\'; a word without quotes is a text')
    .argument('[state]', 'as JSON, as `millrace state get` prints it')
    .option('--stdin', 'the state is on standard input')
    .option('--delete', 'the key is to have none')
    .option('--task <task>', 'of an operator in partitions, the one that the key is in: lines-3; needed for a new key')
    .option('--other-type', 'the state may be of another type than the one that is there')
    .option('--reason <text>', 'why, for the log')
    .option('--execute', 'do it; without, it is only shown')
    .action(runEdit)
  return withManual(command, {
    examples: [
      ['millrace state edit shop-totals totals customer-7 40', 'what would change'],
      ['millrace state edit shop-totals totals customer-7 40 --execute --reason "counted twice"', 'done, and said why'],
      ['millrace state edit shop-totals totals customer-7 --delete --execute', 'the key begins anew'],
    ],
    exits: { 3: 'it cannot be a state of this operator', 4: `${NO_JOB}, no such operator, or nothing to delete` },
  })
}

interface Target {
  readonly operator: KeptOperator
  readonly form: NonNullable<NonNullable<KeptOperator['form']>['edit']>
  readonly task: TaskRef
  readonly cell: readonly [name: string, key: unknown]
  readonly found: Found
}

async function runEdit(
  job: string,
  name: string,
  keyText: string,
  typed: string | undefined,
  flags: EditFlags,
): Promise<void> {
  const { execute = false, json = false } = flags
  const key = keyOf(keyText)
  const value = await typedState(typed, flags)
  const place = openPlace(flags)
  try {
    const { retention } = await positionsOf(place, job)
    const at = editPlaceOf(place, retention)
    const kept = await keptJob(job, logsOf(place))
    if (!kept) throw new NotFoundError(`${place.name} holds nothing of a job '${job}'.`)
    const target = await targetOf(operatorNamed(kept, name), key, flags.task, at)
    const { operator, task, cell } = target
    const saved = (found: Found): unknown => savedAs(target, found, value, kept.closedUntil, flags.otherType ?? false)
    const [before, after] = [target.found.saved, saved(target.found)]
    if (before === undefined && after === undefined)
      throw new NotFoundError(`${operator.id} keeps nothing of ${taggedText(key)}: there is nothing to delete.`)
    const done = execute ? await editState(task, operator.id, cell, saved, whoIs(flags), at) : undefined
    const where = placeOfTask(task)
    if (json) {
      const facts = {
        job,
        operator: operator.id,
        key: tagged(key),
        task: where,
        ...sides(target, done?.before ?? before, after),
      }
      return console.log(JSON.stringify({ ...facts, ...(done && { version: done.version }), executed: execute }))
    }
    const shown = [done?.before ?? before, after].map((one) =>
      one === undefined ? 'nothing' : taggedText(stateIn(target, one)),
    )
    console.log(`${operator.id}, ${taggedText(key)} in ${where}: ${shown.join(' → ')}`)
    console.log(
      done
        ? `Version ${done.version} of its log. To take it back: millrace undo ${job} '${where}' ${done.version} --execute`
        : 'Nothing was changed: add --execute.',
    )
  } finally {
    place.close()
  }
}

/** The state that was typed; undefined: none. @throws InvalidOptionError */
async function typedState(
  typed: string | undefined,
  { delete: gone = false, stdin = false }: EditFlags,
): Promise<unknown> {
  if ([typed !== undefined, gone, stdin].filter(Boolean).length !== 1)
    throw new InvalidOptionError('state edit: give the state as JSON, or --stdin, or --delete: one of them.')
  if (gone) return undefined
  const json = stdin ? await textOf(process.stdin) : (typed ?? '')
  try {
    const value = valueOfText(json)
    if (value !== undefined) return value
  } catch (cause) {
    throw new InvalidOptionError(
      `state edit: '${json.slice(0, 200)}' is no state: ${describeCause(cause)}. Write JSON, as millrace state get prints it; a text has quotes: '"on"'.`,
      { cause },
    )
  }
  throw new InvalidOptionError('state edit: a state that is undefined is none: say --delete.')
}

/** @throws RefusedError, InvalidOptionError, NotFoundError */
async function targetOf(
  operator: KeptOperator,
  key: unknown,
  named: string | undefined,
  at: EditPlace,
): Promise<Target> {
  const form = operator.form?.edit
  if (!form)
    throw new RefusedError(
      `${operator.id} is ${operator.kind}: what it keeps follows from the records that it holds, and an edit of one key would contradict them. ` +
        'States of updateStateByKey and mapWithState can be edited. Nothing was changed.',
    )
  const cell = [form.cell, key] as const
  const all = tasksOfKey(operator, key)
  const tasks = named === undefined ? all : all.filter((task) => placeOfTask(task) === named)
  if (tasks.length === 0)
    throw new NotFoundError(
      `${operator.id} keeps ${taggedText(key)} in none of ${named ?? 'its tasks'}, but may in ${all.map(placeOfTask).join(', ')}.`,
    )
  const looked: Target[] = []
  for (const task of tasks)
    looked.push({ operator, form, task, cell, found: await stateOf(task, operator.id, cell, at) })
  const having = looked.filter(({ found }) => found.saved !== undefined)
  const [only, other] = having.length > 0 ? having : looked
  if (only && !other) return only
  throw new InvalidOptionError(
    `${taggedText(key)} ${having.length > 0 ? 'is' : 'may be'} in ${(having.length > 0 ? having : looked).map(({ task }) => placeOfTask(task)).join(', ')}: say which with --task.`,
  )
}

/** What is to be saved. @throws RefusedError for a state of another type */
function savedAs(target: Target, found: Found, value: unknown, closedUntil: number, anyType: boolean): unknown {
  if (value === undefined) return undefined
  const { form, operator } = target
  const model = found.saved ?? found.another
  const wrong = anyType || model === undefined ? undefined : unlike(stateIn(target, model), value)
  if (wrong)
    throw new RefusedError(
      `That cannot be a state of ${operator.id}: ${wrong}${found.saved === undefined ? ' under other keys' : ''}. Nothing was changed. What JSON has no form for is written as {"$bigint":"7"} and the like; --other-type if it is meant.`,
    )
  const parts = found.saved === undefined ? undefined : operator.form?.parts?.(found.saved)
  return form.save(value, parts?.usedAt ?? closedUntil)
}

function stateIn({ operator }: Target, saved: unknown): unknown {
  return operator.form?.parts ? operator.form.parts(saved).value : saved
}

function sides(target: Target, before: unknown, after: unknown): object {
  return {
    ...(before !== undefined && { before: tagged(stateIn(target, before)) }),
    ...(after !== undefined && { after: tagged(stateIn(target, after)) }),
  }
}
