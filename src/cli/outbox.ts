// `millrace outbox`: what a job has promised, and what is to become of promises to a bucket that does not exist or may not be
// written to. Both are dry runs until --execute.

import { Command } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { bucketOfUrl, bucketUrl } from '../names/objects.ts'
import { CLAIM_ROW } from '../names/rows.ts'
import { type Promised, promisedOf } from '../runtime/promised.ts'
import { type Redirect, redirectOf, setRedirect } from '../runtime/redirects.ts'
import { objectUrl } from '../stores/object-store.ts'
import type { StateTable } from '../stores/table.ts'
import { boolean, integer, type JsonSchema, list, nullOr, object, text, withJson } from './json-output.ts'
import { type Manual, NO_JOB, withManual } from './manual.ts'
import { openPlace, type PlaceFlags, placeOptions } from './place.ts'

interface OutboxFlags extends PlaceFlags {
  readonly from?: string
  readonly to?: string
  readonly execute?: boolean
  readonly json?: boolean
}

const PROMISED = list(
  object({
    stage: text(),
    task: text(),
    url: text(),
    bytes: integer(),
    staged: boolean('an upload in its own bucket'),
  }),
)
const LISTED = object({ job: text(), promised: PROMISED })
const REDIRECT: JsonSchema = { anyOf: [{ type: 'string', enum: ['dropped'] }, object({ to: text('a bucket') })] }
const CHANGED = object({
  job: text(),
  from: text('the bucket that was promised'),
  before: nullOr(REDIRECT),
  next: REDIRECT,
  promised: PROMISED,
  executed: boolean(),
})

export function outboxCommand(): Command {
  const command = (name: string, description: string, schema: JsonSchema, examples: Manual['examples']) => {
    const made = placeOptions(new Command(name)).description(description).argument('<job>', 'the name of the job')
    return withManual(withJson(made, schema), { examples, exits: { 4: NO_JOB } })
  }
  const listing = command('list', 'the objects that the newest commits have promised; most are published', LISTED, [
    ['millrace outbox list hot-words', 'what is promised, and by whom'],
  ]).action(run)
  const redirect = command(
    'redirect',
    'promises for a bucket that cannot be written to go to another, under the same keys',
    CHANGED,
    [
      ['millrace outbox redirect hot-words --from s3://gone --to s3://there', 'what would be changed'],
      ['millrace outbox redirect hot-words --from s3://gone --to s3://there --execute', 'the same, done'],
    ],
  )
    .requiredOption('--from <s3://bucket>', 'the bucket that was promised')
    .requiredOption('--to <s3://bucket>', 'where they go')
    .option('--execute', 'write it down')
    .action(run)
  const drop = command('drop', 'promises for a bucket that cannot be written to are given up', CHANGED, [
    ['millrace outbox drop hot-words --from s3://gone', 'what would be given up'],
  ])
    .requiredOption('--from <s3://bucket>', 'the bucket that was promised')
    .option('--execute', 'write it down')
    .action(run)
  return new Command('outbox')
    .description('what a job has promised to write')
    .addCommand(listing)
    .addCommand(redirect)
    .addCommand(drop)
}

async function run(job: string, flags: OutboxFlags): Promise<void> {
  const { table, objects, name, close } = openPlace(flags)
  try {
    if (!(await table.getRow(job, CLAIM_ROW)))
      throw new NotFoundError(`${name} holds no job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`)
    const promised = await promisedOf(table, objects, job)
    if (flags.from === undefined) tell(flags, { job, promised: promised.map(shown) }, promised.map(inWords))
    else await change(table, job, flags, flags.from, promised)
  } finally {
    close()
  }
}

async function change(
  table: StateTable,
  job: string,
  flags: OutboxFlags,
  from: string,
  promised: readonly Promised[],
): Promise<void> {
  const bucket = bucketOf('--from', from)
  const next: Redirect = flags.to === undefined ? 'dropped' : { to: bucketOf('--to', flags.to) }
  const before = await redirectOf(table, job, bucket)
  const affected = promised.filter(({ ref }) => ref.bucket === bucket)
  if (flags.execute) await setRedirect(table, job, bucket, next)
  const executed = flags.execute ?? false
  const stuck = next !== 'dropped' && affected.some(({ staged }) => staged)
  tell(flags, { job, from: bucket, before: before ?? null, next, promised: affected.map(shown), executed }, [
    `${bucketUrl(bucket)}: ${say(before)} → ${say(next)}`,
    ...affected.map(inWords),
    ...(stuck ? ['What is staged lies in that bucket and cannot go to another: it can be dropped.'] : []),
    executed
      ? 'Written down: it counts where publishing finds the bucket missing or forbidden. Nothing has to be restarted.'
      : 'Nothing was changed: add --execute to write it down.',
  ])
}

function tell({ json = false }: OutboxFlags, facts: object, lines: readonly string[]): void {
  for (const line of json ? [JSON.stringify(facts)] : lines) console.log(line)
}

function shown({ ref, ...rest }: Promised): object {
  return { ...rest, url: objectUrl(ref) }
}

function inWords({ stage, task, ref, bytes, staged }: Promised): string {
  return `${objectUrl(ref)} (${bytes} bytes${staged ? ', staged' : ''}), by ${stage} ${task}`
}

function say(redirect: Redirect | undefined): string {
  return redirect === undefined ? 'as promised' : redirect === 'dropped' ? 'dropped' : `to ${bucketUrl(redirect.to)}`
}

function bucketOf(option: string, url: string): string {
  const bucket = bucketOfUrl(url)
  if (bucket) return bucket
  throw new InvalidOptionError(`${option} ${url} is no bucket: write s3://bucket.`)
}
