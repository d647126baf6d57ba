// `millrace log`: the commits of a job as its logs say them, from the logs alone: what each did, which batches, how much, and which were
// made by hand, by whom and why.

import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { type CloseCommit, isBucketCommit, isCloseCommit, isSourceCommit } from '../log/commit-record.ts'
import { type Entry, TaskLog } from '../log/task-log.ts'
import { bucketTask, closingTask, type TaskRef, taskAt } from '../names/tasks.ts'
import { type LogLine, type LogRecord, lineOf } from '../runtime/log-lines.ts'
import { columns } from './columns.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { NO_JOB, withManual } from './manual.ts'
import { logsOf, openPlace, type Place, type PlaceFlags, placeOptions } from './place.ts'

interface LogFlags extends PlaceFlags {
  readonly from?: number
  readonly last: number
  readonly follow?: boolean
  readonly json?: boolean
}

const FOLLOW_MS = 1000

const TIME = integer('milliseconds since 1970')
const LINE = object(
  { task: text('a partition, stage/bucket, or close/0'), version: integer(), at: TIME, kind: text(), bytes: integer() },
  {
    from: integer('the first offset'),
    until: integer('the offset after the last'),
    records: integer(),
    duplicates: integer(),
    aside: integer('records that were skipped or quarantined'),
    batches: list(TIME),
    closedUntil: TIME,
    outbox: integer('what it has promised to do'),
    snapshot: integer('state as of this version was saved'),
    code: text('the version of the code'),
    by: text('who made it by hand'),
    why: text(),
    what: text(),
    undoes: integer('the entry that it takes back'),
  },
)

export function logCommand(): Command {
  const command = withJson(placeOptions(new Command('log')), LINE, 'a line of JSON for each commit')
    .description('show the commits of a job, or of one of its tasks: what each did, and which were made by hand')
    .argument('<job>', 'the name of the job')
    .argument('[task]', 'a partition (lines-0), stage/bucket (totals/3), or close (default: all)')
    .option('--from <version>', 'of one task, from this version on', wholeNumber)
    .option('--last <n>', 'so many at most', wholeNumber, 20)
    .option('--follow', 'and those that come, until it is stopped')
    .action(runLog)
  return withManual(command, {
    examples: [
      ['millrace log hot-words', 'the last twenty commits of all tasks'],
      ['millrace log hot-words lines-0 --from 1000 --last 50', 'fifty of one partition'],
      ['millrace log hot-words totals/3 --follow --json', 'a bucket, as it goes on'],
    ],
    exits: { 4: `${NO_JOB}, or no such task` },
  })
}

async function runLog(job: string, name: string | undefined, flags: LogFlags): Promise<void> {
  const place = openPlace(flags)
  try {
    const tasks = name === undefined ? await tasksOf(place, job) : [taskAt(job, name)]
    const logs = tasks.map((task) => openLog(task, place))
    const seen = new Map<TaskLog<LogRecord>, number>()
    const found: LogLine[] = []
    for (const log of logs) {
      const head = await log.head()
      if (!head) continue
      const after = flags.from === undefined ? Math.max(0, head.version - flags.last) : flags.from - 1
      const entries = after >= head.version ? [] : await entriesAfter(log, after, head)
      found.push(...entries.map((entry) => lineOf(log.task, entry)))
      seen.set(log, head.version)
    }
    if (seen.size === 0)
      throw new NotFoundError(
        `${place.name} holds no commits of ${name === undefined ? '' : `task '${name}' of `}job '${job}'. millrace status ${job} shows its tasks.`,
      )
    // Of one task its own order counts, whatever clocks say.
    if (tasks.length > 1) found.sort((a, b) => a.at - b.at)
    print(flags.from === undefined ? found.slice(-flags.last) : found.slice(0, flags.last), flags.json ?? false)
    while (flags.follow) {
      await sleep(FOLLOW_MS)
      const next: LogLine[] = []
      for (const log of logs) {
        const entries = await log.read(seen.get(log) ?? 0)
        next.push(...entries.map((entry) => lineOf(log.task, entry)))
        const last = entries.at(-1)
        if (last) seen.set(log, last.version)
      }
      print(
        next.sort((a, b) => a.at - b.at),
        flags.json ?? false,
        false,
      )
    }
  } finally {
    place.close()
  }
}

/** What has expired is not there: from the first that is. Only the very first entry of a log stays. */
async function entriesAfter(
  log: TaskLog<LogRecord>,
  after: number,
  head: Entry<LogRecord>,
): Promise<Entry<LogRecord>[]> {
  if (await log.at(Math.min(after + 2, head.version))) return log.read(after)
  let [from, until] = [after + 2, head.version]
  while (from < until) {
    const middle = Math.floor((from + until) / 2)
    if (await log.at(middle)) until = middle
    else from = middle + 1
  }
  return log.read(from - 1)
}

function openLog(task: TaskRef, place: Place): TaskLog<LogRecord> {
  const { table, objects, bucket } = logsOf(place)
  const isRecord = (value: unknown): value is LogRecord =>
    isSourceCommit(value) || isBucketCommit(value) || isCloseCommit(value)
  return new TaskLog(task, table, objects, bucket, isRecord)
}

async function tasksOf(place: Place, job: string): Promise<TaskRef[]> {
  const { table, objects, bucket } = logsOf(place)
  const head = (await new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit).head())?.record
  const { tasks = [], buckets = [] }: Partial<CloseCommit> = head ?? {}
  return [
    closingTask(job),
    ...tasks.map(({ stage, task }) => ({ job, stage, task })),
    ...buckets.flatMap(([stage, versions]) => versions.map((_, i) => bucketTask(job, stage, i))),
  ]
}

function print(lines: readonly LogLine[], json: boolean, heads = true): void {
  if (json) {
    for (const line of lines) console.log(JSON.stringify(line))
    return
  }
  if (lines.length === 0) return
  const rows = lines.map((line) => [
    ...[new Date(line.at).toISOString(), line.task, line.version, line.kind],
    line.until === undefined ? '-' : `${line.from} → ${line.until}`,
    line.records ?? '-',
    line.batches && line.batches.length > 0 ? spanOf(line.batches) : '-',
    line.bytes,
    byHand(line),
  ])
  const table = columns([
    ['committed', 'task', 'version', 'kind', 'offsets', 'records', 'batches', 'bytes', ''],
    ...rows,
  ])
  for (const line of heads ? table : table.slice(1)) console.log(line)
}

function spanOf(times: readonly number[]): string {
  const [first = 0, last = first] = [times[0], times.at(-1)]
  const iso = (time: number): string => (time >= 1e12 ? new Date(time).toISOString() : String(time))
  return times.length === 1 ? iso(first) : `${times.length}, ${iso(first)} to ${iso(last)}`
}

function byHand({ by, why, what, undoes, snapshot }: LogLine): string {
  if (by === undefined) return snapshot === undefined ? '' : `snapshot of version ${snapshot}`
  const back = undoes === undefined ? '' : `, takes ${undoes} back`
  return `${what} by ${by}${back}${why === undefined ? '' : `: ${why}`}`
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
