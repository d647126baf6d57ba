// `millrace storage`: what a job keeps in its table and bucket, by task.

import { Command } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { type Amount, type Storage, storageOf } from '../runtime/storage.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { NO_JOB, withManual } from './manual.ts'
import { openPlace, type PlaceFlags, placeOptions } from './place.ts'

interface StorageFlags extends PlaceFlags {
  readonly json?: boolean
}

const AMOUNT = object({ count: integer(), bytes: integer() })
const STORAGE = object({
  job: text(),
  tasks: list(object({ stage: text(), task: text(), log: AMOUNT, snapshots: AMOUNT, spilled: AMOUNT, staged: AMOUNT })),
  others: AMOUNT,
  total: AMOUNT,
})

export function storageCommand(): Command {
  const command = withJson(placeOptions(new Command('storage')), STORAGE, 'as one line of JSON, in bytes')
    .description(
      'show what a job keeps: logs, snapshots, spilled records and staged uploads, by task; reads all of its logs',
    )
    .argument('<job>', 'the name of the job')
    .action(runStorage)
  return withManual(command, {
    examples: [['millrace storage hot-words', 'what a job keeps, by task']],
    exits: { 4: NO_JOB },
  })
}

async function runStorage(job: string, flags: StorageFlags): Promise<void> {
  const { json = false } = flags
  const { table, objects, bucket, name, close } = openPlace(flags)
  try {
    if (!bucket)
      throw new InvalidOptionError(
        'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
      )
    const storage = await storageOf(job, { table, objects, bucket })
    if (!storage)
      throw new NotFoundError(
        `${name} holds nothing of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
      )
    if (json) console.log(JSON.stringify({ job, ...storage }))
    else for (const line of inWords(storage)) console.log(line)
  } finally {
    close()
  }
}

function inWords({ tasks, others, total }: Storage): string[] {
  const rows = tasks.map(({ stage, task, log, snapshots, spilled, staged }) => [
    stage,
    task,
    ...[log, snapshots, spilled, staged].map(inBytes),
  ])
  const table = [['stage', 'task', 'log', 'snapshots', 'spilled', 'staged'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return [
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...(others.count > 0 ? [`of tasks that the job does not know: ${inBytes(others)}`] : []),
    `in all: ${inBytes(total)}`,
  ]
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** `12 MB (40)`: so much, and in how many. */
function inBytes({ count, bytes }: Amount): string {
  if (count === 0) return '-'
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  const size = bytes / 1000 ** unit
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]} (${count})`
}
