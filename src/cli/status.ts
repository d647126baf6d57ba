// `millrace status`: the first thing to look at. Where each task stands, what waits, what fails, and when the job comes back.

import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { type JobStatus, type SourceStatus, statusOf } from '../runtime/status.ts'
import { columns } from './columns.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { NO_JOB, withManual } from './manual.ts'
import { openPlace, type Place, type PlaceFlags, placeOptions } from './place.ts'

interface StatusFlags extends PlaceFlags {
  readonly json?: boolean
  readonly watch?: boolean
}

const WATCH_MS = 2000

const COUNT = integer()
const TOTALS = object({
  records: COUNT,
  duplicates: COUNT,
  skipped: COUNT,
  quarantined: COUNT,
  missing: COUNT,
  written: COUNT,
})
const TIME = integer('milliseconds since 1970')
const STATUS = object({
  job: text(),
  closedUntil: integer('batches up to this time are closed'),
  closedAt: TIME,
  code: text('the version of the code that committed last'),
  sources: list(
    object(
      {
        task: text(),
        frontier: integer('the task adds nothing below this time any more'),
        committedAt: TIME,
        activeAt: integer('the last commit that held records'),
        state: { type: 'string', enum: ['awake', 'asleep', 'sealed'] },
        totals: TOTALS,
      },
      { position: {}, trouble: object({ since: TIME, waitingFor: { anyOf: [text(), COUNT] } }) },
    ),
  ),
  buckets: list(object({ stage: text(), bucket: COUNT, closedUntil: TIME, committedAt: TIME }, { due: TIME })),
  waiting: list(
    object({
      output: text(),
      time: integer('the first batch that waits'),
      batches: COUNT,
      attempts: COUNT,
      from: integer('when it may be tried again'),
    }),
  ),
  wakeUps: list(TIME),
})

export function statusCommand(): Command {
  const command = withJson(placeOptions(new Command('status')), STATUS)
    .description('show how a job is doing: tasks, frontiers, counts, trouble, what waits, wake-ups; a read per task')
    .argument('<job>', 'the name of the job')
    .option('--watch', 'again every two seconds, until it is stopped')
    .action(runStatus)
  return withManual(command, {
    examples: [
      ['millrace status hot-words', 'of a job whose state is in the folder .millrace, or where the variables say'],
      [
        'millrace status hot-words --table shop-prod-millrace --bucket shop-prod-millrace-1234 --watch',
        'on AWS, again and again',
      ],
    ],
    exits: { 4: NO_JOB },
  })
}

async function runStatus(job: string, flags: StatusFlags): Promise<void> {
  const place = openPlace(flags)
  try {
    do {
      const status = await read(job, place)
      if (flags.json) console.log(JSON.stringify(status))
      else console.log(inWords(status, Date.now()).join('\n'))
      if (flags.watch) await sleep(WATCH_MS)
      if (flags.watch && !flags.json) console.log()
    } while (flags.watch)
  } finally {
    place.close()
  }
}

async function read(job: string, { table, objects, bucket, name }: Place): Promise<JobStatus> {
  if (!bucket)
    throw new InvalidOptionError(
      'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
    )
  const status = await statusOf(job, { table, objects, bucket }, Date.now())
  if (status) return status
  throw new NotFoundError(
    `${name} holds nothing of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
  )
}

/** @param now the clock, for how long ago things were. */
export function inWords(status: JobStatus, now: number): string[] {
  const { job, closedUntil, closedAt, code, sources, waiting, wakeUps } = status
  const ago = (time: number): string => (time <= 0 ? '-' : `${inSpan(now - time)} ago`)
  return [
    `${job}, code ${code}: batches up to ${at(closedUntil)} are closed, ${ago(closedAt)}`,
    ...columns([
      ['task', 'at', 'frontier', 'last commit', 'last record', 'state', 'records', 'repeated', 'aside', 'missing'],
      ...sources.map((one) => [
        one.task,
        positionOf(one),
        at(one.frontier),
        ago(one.committedAt),
        ago(one.activeAt),
        one.trouble ? 'in trouble' : one.state,
        one.totals.records,
        one.totals.duplicates,
        one.totals.quarantined + one.totals.skipped,
        one.totals.missing,
      ]),
    ]),
    ...sources.flatMap(({ task, trouble }) =>
      trouble ? [`${task} has been failing at ${trouble.waitingFor} for ${inSpan(now - trouble.since)}`] : [],
    ),
    ...waiting.map(
      (one) =>
        `${one.output} waits with ${one.batches} batch${one.batches === 1 ? '' : 'es'} from ${at(one.time)} on: ` +
        (one.attempts === 0 ? 'not tried yet' : `tried ${one.attempts} times, again from ${at(one.from)} on`),
    ),
    wakeUps.length === 0 ? 'nothing is due: no wake-up is armed' : `next wake-up at ${at(Math.min(...wakeUps))}`,
  ]
}

function positionOf({ position }: SourceStatus): string | number {
  const until = typeof position === 'object' && position !== null && 'until' in position ? position.until : undefined
  return typeof until === 'number' ? until : position === undefined ? '-' : JSON.stringify(position)
}

const at = (time: number): string => (time <= 0 ? '-' : new Date(time).toISOString())

/** `12 s`, `3 min`, `5 h`, `2 d`. */
function inSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
