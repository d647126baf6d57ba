// A job's environment on Lambda and on emulators: which table, bucket and queue, from environment variables that
// the plugin `millrace/serverless` sets. Every cold start needs all three services, so they are imported at once: of what is
// imported lazily esbuild keeps whole packages, all 113 commands of S3 among them (docs/decisions/061-what-a-bundle-leaves-out.md).

import { randomUUID } from 'node:crypto'
import { InvalidOptionError } from '../errors/errors.ts'
import type { Clock, Environment, Later, Log } from '../runtime/environment.ts'
import { directoryObjects } from '../stores/directory-objects.ts'
import { dynamoTable } from '../stores/dynamo-table.ts'
import { BUCKET_OF_FOLDER, objectsOfFolder } from '../stores/folder.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { s3Objects } from '../stores/s3-objects.ts'
import { sqliteTable, waitsIn } from '../stores/sqlite-table.ts'
import type { StateTable } from '../stores/table.ts'
import { jsonLog } from './json-log.ts'
import { sqsClient, sqsHelpers, sqsWaker } from './sqs-waker.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** What the variables mean, for messages and for the documentation. */
export const VARIABLES = {
  MILLRACE_TABLE: 'the DynamoDB table that holds state',
  MILLRACE_BUCKET: "the bucket for what is Millrace's own, below _millrace/",
  MILLRACE_WAKE_QUEUE_URL: 'the SQS queue of wake-ups',
} as const

/**
 * Builds the environment from `process.env`.
 *
 * MILLRACE_DIR is a folder that takes the place of all three: table and objects are in it, and wake-ups are left to a watcher of the
 * table (`src/local/embedded.ts`). By themselves MILLRACE_OBJECTS_DIR puts objects into a directory instead of S3, and
 * MILLRACE_WAKE=watched leaves wake-ups to a watcher. MILLRACE_TRUST_EXPIRED: docs/errors.md, LOG_LOST.
 *
 * @throws InvalidOptionError naming a variable that is missing.
 */
export function environmentFromVariables(variables: Variables = process.env): Environment {
  const clock = clockOf(variables.MILLRACE_CLOCK_AHEAD)
  const owner = variables.AWS_LAMBDA_FUNCTION_NAME ?? variables.MILLRACE_OWNER ?? 'local'
  return {
    table: tableOf(variables),
    objects: objectsOf(variables),
    bucket: variables.MILLRACE_DIR
      ? (variables.MILLRACE_BUCKET ?? BUCKET_OF_FOLDER)
      : required(variables, 'MILLRACE_BUCKET'),
    clock,
    ...queueOf(variables, clock),
    later,
    log: logOf(variables),
    // Not console.log: where Lambda has no pipe for it, it puts \r in place of every end of a line.
    print: (text) => void process.stdout.write(`${text}\n`),
    code: variables.MILLRACE_CODE ?? variables.AWS_LAMBDA_FUNCTION_VERSION ?? 'unversioned',
    owner,
    partitions: partitionsOf(variables.MILLRACE_PARTITIONS ?? ''),
    instance: randomUUID(),
    // What a folder deletes nobody needs, so whatever is in it counts.
    ...silenceOf(variables),
    ...trustOf(variables.MILLRACE_TRUST_EXPIRED ?? (variables.MILLRACE_DIR ? 'always' : '')),
  }
}

/** MILLRACE_CLOCK_AHEAD: milliseconds, with which `millrace dev` moves time on. */
function clockOf(ahead = ''): Clock {
  return ahead === '' ? Date : { now: () => Date.now() + Number(ahead) }
}

/**
 * MILLRACE_FOLDER_GROUP, which `millrace dev` sets: the consumer group that reads the folder's topics for this function. So it is known
 * which partitions have records that wait, however long that takes; others need not be waited for as if a network were between.
 */
function silenceOf({ MILLRACE_DIR: folder, MILLRACE_FOLDER_GROUP: group }: Variables) {
  if (!folder || !group) return {}
  const waits = waitsIn(folder, group)
  return { idleAfter: FOLDER_IDLE_MS, ended: (task: string) => (waits(task) ? false : undefined) }
}

/** Far longer than it takes to append a record that has its time already. */
const FOLDER_IDLE_MS = 1000

/** Holds up nobody who wants to end. */
const later: Later = (milliseconds, action) => {
  const timer = setTimeout(action, Math.min(milliseconds, MAX_TIMER_MS)).unref()
  return () => clearTimeout(timer)
}

/** A longer delay of setTimeout would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** MILLRACE_ACCEPT, which the plugin sets: a list, because ids contain commas. */
export function acceptOf({ MILLRACE_ACCEPT: text }: Variables): unknown {
  if (!text) return []
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidOptionError(`MILLRACE_ACCEPT: '${text}' is not a list of ids in JSON.`, { cause })
  }
}

/** @throws InvalidOptionError */
export function checkAccept(where: string, accept: unknown): readonly string[] {
  if (Array.isArray(accept) && accept.every((id) => typeof id === 'string')) return accept
  throw new InvalidOptionError(`${where}: must be a list of ids of operators, got ${JSON.stringify(accept)}.`)
}

/** A moment to which the table was restored, or `always` where it deletes nothing. */
export function trustOf(text = ''): Pick<Environment, 'trustExpired'> {
  if (text === '') return {}
  const time = text === 'always' ? Number.POSITIVE_INFINITY : Date.parse(text)
  if (!Number.isNaN(time)) return { trustExpired: time }
  throw new InvalidOptionError(
    `MILLRACE_TRUST_EXPIRED: '${text}' is not a time such as 2026-11-30T12:00:00Z, nor 'always' for a table that deletes nothing.`,
  )
}

function tableOf(variables: Variables): StateTable {
  const { MILLRACE_DIR: folder } = variables
  return folder ? sqliteTable(folder) : dynamoTable({ table: required(variables, 'MILLRACE_TABLE') })
}

/** S3, or a directory: that of a folder, or any. */
export function objectsOf(variables: Variables): ObjectStore {
  const { MILLRACE_DIR: folder, MILLRACE_OBJECTS_DIR: given } = variables
  const directory = given ?? (folder ? objectsOfFolder(folder) : undefined)
  return directory === undefined ? s3Objects() : directoryObjects(directory)
}

function queueOf(variables: Variables, clock: Clock): Pick<Environment, 'waker' | 'helpers'> {
  // The row that deduplicates wake-ups says it all; a watcher of the table does the rest.
  if (variables.MILLRACE_DIR || variables.MILLRACE_WAKE === 'watched') return { waker: { arm: async () => {} } }
  const url = required(variables, 'MILLRACE_WAKE_QUEUE_URL')
  const client = sqsClient()
  return { waker: sqsWaker(url, clock, client), helpers: sqsHelpers(url, client) }
}

function required(variables: Variables, name: keyof typeof VARIABLES): string {
  const value = variables[name]
  if (value) return value
  throw new InvalidOptionError(
    `The environment variable ${name} is not set: it names ${VARIABLES[name]}. Deploy with the plugin millrace/serverless, which sets it, or set it by hand.`,
  )
}

/** `lines=4,flights=12`, as the plugin found them at deploy time. */
function partitionsOf(text: string): ReadonlyMap<string, number> {
  const counts = text.split(',').filter((entry) => entry.trim() !== '')
  return new Map(
    counts.map((entry) => {
      const [topic = '', count = ''] = entry.trim().split('=')
      if (topic !== '' && /^[1-9]\d{0,5}$/.test(count)) return [topic, Number(count)]
      throw new InvalidOptionError(`MILLRACE_PARTITIONS: '${entry}' is not of the form topic=4.`)
    }),
  )
}

export function logOf(variables: Variables): Log {
  return jsonLog(variables.MILLRACE_LOG_LEVEL ?? 'info')
}
