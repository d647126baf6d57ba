// What `pause`, `resume`, `stop` and `start` have in common: which job is meant and where it runs, the wait until it is so, the answer.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError, MillraceError } from '../errors/errors.ts'
import type { Door, Standing } from '../local/control/door.ts'
import { processesOf } from '../local/control/processes.ts'
import { runDoor } from '../local/control/run-door.ts'
import { toMillis } from '../options/duration.ts'
import { ownerOf } from '../runtime/claim.ts'
import { readControl } from '../runtime/control-row.ts'
import { EXIT } from './exit-codes.ts'
import { boolean, integer, list, object, text, withJson } from './json-output.ts'
import { type Manual, NO_JOB, withManual } from './manual.ts'
import { openPlace, type Place, type PlaceFlags, placeOptions } from './place.ts'

export interface ControlFlags extends PlaceFlags {
  readonly json?: boolean
  readonly function?: string
  readonly timeout: number
}

const STANDING = object(
  {
    job: text(),
    application: text('the job and the number of its start'),
    wanted: { type: 'string', enum: ['running', 'paused', 'stopped'] },
    over: boolean('whether it is so by now'),
    there: boolean('whether anything runs the job'),
    phase: text(),
    processes: list(
      object({ name: text('a process of millrace run, or what a mapping reads'), phase: text(), inFlight: integer() }),
    ),
  },
  {
    error: text('what it fails at'),
    drainedUntil: integer('windows were closed up to this time, milliseconds since 1970'),
  },
)

const RUN_MS = 200
const DEPLOYED_MS = 1000

/** @param three what 3 means, where something can be refused */
export function controlOptions(command: Command, examples: Manual['examples'], three?: string): Command {
  const exits = {
    ...(three !== undefined && { 3: three }),
    4: NO_JOB,
    5: 'it is still going on; nothing is lost, ask again',
  }
  withJson(placeOptions(command), STANDING)
    .argument('<job>', 'the name of the job')
    .option('--function <name>', 'the deployed function of the job (default: the one that owns the job in the table)')
    .option('--timeout <duration>', 'how long to wait until it is so; then the answer is 5', duration, 120_000)
  return withManual(command, { examples, exits })
}

function duration(value: string): number {
  try {
    return toMillis('--timeout', value)
  } catch {
    throw new InvalidArgumentError('It is a duration such as 30s, 5m or 0s.')
  }
}

/** Asks, waits with the phases on standard error, and answers. */
export async function control(job: string, flags: ControlFlags, ask: (door: Door) => Promise<void>): Promise<void> {
  const place = openPlace(flags)
  try {
    const { door, everyMs } = await doorOf(job, flags, place)
    await ask(door)
    const until = Date.now() + flags.timeout
    let told = ''
    let standing = await door.look()
    for (; !standing.over && Date.now() < until; standing = await door.look()) {
      const line = standing.error === undefined ? standing.phase : `${standing.phase}: ${standing.error}`
      if (line !== told) console.error(`${job}: ${line}`)
      told = line
      await sleep(everyMs)
    }
    answer(standing, flags)
  } finally {
    place.close()
  }
}

function answer(standing: Standing, { json, timeout }: ControlFlags): void {
  const { job, application, wanted, over, there, phase, error, drainedUntil } = standing
  if (json) console.log(JSON.stringify(standing))
  else console.log(`${application}: ${phase}`)
  if (drainedUntil !== undefined && drainedUntil > Date.now())
    console.error(
      `Its time is at ${new Date(drainedUntil).toISOString()} now: records from before then join the first batch after it.`,
    )
  if (!over) {
    console.error(error ?? `It was not over after ${timeout / 1000} s and goes on; ask again with the same command.`)
    process.exitCode = error === undefined ? EXIT.goingOn : EXIT.failed
  } else if (!there && wanted === 'running') {
    console.error(`It begins when a process is there: millrace run <module of ${job}>, or deploy it.`)
    process.exitCode = EXIT.goingOn
  }
}

interface Found {
  readonly door: Door
  readonly everyMs: number
}

/** Deployed, or of `millrace run`: what runs it now says so, or who owns it. @throws NotFoundError */
async function doorOf(job: string, flags: ControlFlags, place: Place): Promise<Found> {
  const { table, name } = place
  const here: Found = { door: runDoor(table, job), everyMs: RUN_MS }
  if (flags.function !== undefined)
    return { door: await deployedDoor(job, flags.function, place), everyMs: DEPLOYED_MS }
  if (name.startsWith('Folder') || (await processesOf(table, job)).length > 0) return known(job, here, place)
  const owner = await ownerOf(table, job)
  if (owner === undefined) return known(job, here, place)
  const door = await deployedDoor(job, owner, place)
  try {
    return (await door.isThere()) ? { door, everyMs: DEPLOYED_MS } : here
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'FUNCTION_MISSING') return here
    throw error
  }
}

async function known(job: string, found: Found, { table, name }: Place): Promise<Found> {
  const [owner, { rev }] = await Promise.all([ownerOf(table, job), readControl(table, job)])
  if (owner !== undefined || rev > 0) return found
  throw new NotFoundError(
    `${name} holds nothing of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
  )
}

/** Loaded when it is needed: the client takes a tenth of a second. */
export async function deployedDoor(job: string, functionName: string, { table, objects, bucket }: Place) {
  if (!bucket)
    throw new InvalidOptionError(
      'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
    )
  const { deployedDoorOf } = await import('../local/control/deployed-door.ts')
  return deployedDoorOf(job, { table, objects, bucket }, functionName)
}
