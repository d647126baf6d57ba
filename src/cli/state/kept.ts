// What the commands that look at state have in common: the job in its place, the operator that is meant, keys and moments as people
// write them, and a clear word when nothing that goes back so far is kept.

import type { Command } from 'commander'
import { NotFoundError } from '../../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import { parsePosition } from '../../local/offset-language.ts'
import type { Logs } from '../../log/kept-state.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { KeptEntry } from '../../runtime/kept/entries.ts'
import { type KeptJob, type KeptOperator, keptJob } from '../../runtime/kept/operators.ts'
import type { Moment } from '../../runtime/kept/points.ts'
import { type Gone, TaskState, taskState } from '../../runtime/kept/task-state.ts'
import { tagged, taggedText, valueOfText } from '../../values/tagged-json.ts'
import { openPlace, type PlaceFlags } from '../place.ts'

export interface MomentFlags extends PlaceFlags {
  readonly at?: string
  readonly clock?: boolean
}

export const TIMES =
  'a batch time in milliseconds, 9 or 10 digits (seconds), a day (2026-01-31), RFC 3339 (2026-01-31T12:00:00Z) or a length (-48h)'

/** `--at` and `--clock`. */
export function momentOptions(command: Command): Command {
  return command
    .option('--at <time>', `the state after the last batch by then: ${TIMES} (default: now)`)
    .option('--clock', '--at is when it was committed, by the clock; batches go by the times of records')
}

/** What a state command works on. */
export interface Opened {
  readonly kept: KeptJob
  readonly logs: Logs
}

/** @throws InvalidOptionError, NotFoundError */
export async function withJob(
  job: string,
  flags: PlaceFlags,
  action: (opened: Opened) => Promise<void>,
): Promise<void> {
  const { table, objects, bucket, name, close } = openPlace(flags)
  try {
    if (!bucket)
      throw new InvalidOptionError(
        'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
      )
    const logs = { table, objects, bucket }
    const kept = await keptJob(job, logs)
    if (!kept)
      throw new NotFoundError(
        `${name} holds nothing of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
      )
    await action({ kept, logs })
  } finally {
    close()
  }
}

/** The operator of that id, or the one whose id or kind it is part of. @throws NotFoundError, InvalidOptionError */
export function operatorNamed({ job, operators, others }: KeptJob, name: string): KeptOperator {
  const exact = operators.find(({ id }) => id === name)
  if (exact) return exact
  const like = operators.filter(({ id, kind }) => kind === name || id.includes(name))
  const [only] = like
  if (only && like.length === 1) return only
  if (only)
    throw new InvalidOptionError(`'${name}' may be ${like.map(({ id }) => id).join(' or ')}: write the whole id.`)
  const transient = others.find(({ id, kind }) => id === name || kind === name)
  if (transient)
    throw new NotFoundError(
      `${transient.id} keeps nothing from batch to batch: it knows the batch in front of it and no other. ${thatKeep(operators)}`,
    )
  throw new NotFoundError(`Job '${job}' has no operator '${name}' that keeps something. ${thatKeep(operators)}`)
}

function thatKeep(operators: readonly KeptOperator[]): string {
  return operators.length === 0
    ? 'None of its operators does.'
    : `These do: ${operators.map(({ id }) => id).join(', ')}.`
}

/** JSON, or what is no JSON as a text. @throws InvalidOptionError */
export function keyOf(text: string): unknown {
  try {
    return valueOfText(text)
  } catch (cause) {
    // `customer-7`, as people type it; what begins like JSON was meant to be some.
    if (cause instanceof SyntaxError && !/^\s*["[{]/.test(text)) return text
    throw new InvalidOptionError(
      `'${text}' is no key: ${describeCause(cause)}. Keys are JSON: '"7"' is a text and 7 a number, '["eu",7]' a tuple, '{"$bigint":"7"}' a bigint.`,
      { cause },
    )
  }
}

/** @throws InvalidOptionError */
export function momentOf(option: string, text: string | undefined, clock = false): Moment | undefined {
  if (text === undefined) return undefined
  const of = (time: number): Moment => (clock ? { clock: time } : { batch: time })
  // Jobs of a test have small times; 9 and 10 digits are seconds everywhere.
  if (/^\d{1,8}$|^\d{11,12}$/.test(text)) return of(Number(text))
  const position = parsePosition(option, text.startsWith('@') ? text : `@${text}`, Date.now())
  if (position.kind === 'time') return of(position.time)
  if (position.kind === 'end') return undefined
  throw new InvalidOptionError(`${option} ${text}: it is a time, ${TIMES}.`)
}

/** @throws NotFoundError when nothing that goes back so far is kept */
export async function stateAt(task: TaskRef, { kept, logs }: Opened, moment: Moment | undefined): Promise<TaskState> {
  const state = await taskState(task, logs, kept.batch, moment)
  return state instanceof TaskState ? state : goneBy([state], moment)
}

/** States of several tasks, one after the other; all are looked at before it is said that one goes back too little. */
export async function checkKept(
  tasks: readonly TaskRef[],
  { kept, logs }: Opened,
  moment: Moment | undefined,
): Promise<void> {
  if (!moment) return
  const gone: Gone[] = []
  for (const task of tasks) {
    const state = await taskState(task, logs, kept.batch, moment)
    if (!(state instanceof TaskState)) gone.push(state)
  }
  if (gone.length > 0) goneBy(gone, moment)
}

function goneBy(gone: readonly Gone[], moment: Moment | undefined): never {
  const clock = moment !== undefined && 'clock' in moment
  const asked = moment === undefined ? Date.now() : 'clock' in moment ? moment.clock : moment.batch
  const earliest = Math.max(...gone.map(({ earliest }) => (clock ? earliest.at : earliest.until)))
  throw new NotFoundError(
    `The state of ${inTime(asked)} is not kept any more: log entries expire after the job's retention. The earliest that can be seen is --at ${inTime(earliest)}${clock ? ' --clock' : ''}.`,
  )
}

/** As `--at` takes it. */
export function inTime(time: number): string {
  return time >= 1_000_000_000_000 ? new Date(time).toISOString() : String(time)
}

/** An entry as JSON. */
export function shown({ key, value, ...rest }: KeptEntry): Record<string, unknown> {
  return { ...rest, ...(key !== undefined && { key: tagged(key) }), value: tagged(value) }
}

/** An entry in words: where it is, and what. */
export function inWords({ cell, time, key, index, value, usedAt }: KeptEntry): string {
  const where = time === undefined ? cell : `${cell} ${inTime(time)}`
  const of = key !== undefined ? ` ${taggedText(key)}` : index !== undefined ? ` #${index}` : ''
  return `${where}${of}: ${taggedText(value)}${usedAt === undefined ? '' : `, last used at ${inTime(usedAt)}`}`
}
