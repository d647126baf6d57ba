// `millrace quarantine ls`: what was put aside, one line each, with the reason.

import { Command } from 'commander'
import type { Quarantined } from '../../runtime/quarantined.ts'
import { statusOf } from '../../runtime/status.ts'
import { integer, type JsonSchema, list, object, text, withJson } from '../json-output.ts'
import { NO_JOB, withManual } from '../manual.ts'
import { positive } from '../state/scan.ts'
import { endsWithItsReader, printLine } from '../stdout.ts'
import {
  type Aside,
  type AsideFlags,
  asideOptions,
  keyInWords,
  type Opened,
  shown,
  valueInWords,
  withQuarantine,
} from './shown.ts'

interface ListFlags extends AsideFlags {
  readonly limit?: number
  readonly json?: boolean
}

/** Of `ls --json` and `get --json`. */
export const ASIDE: JsonSchema = object(
  {
    id: text('for get and replay'),
    kind: { type: 'string', enum: ['record', 'values', 'gap', 'other'] },
    error: object({ message: text() }, { code: text() }),
    replayed: { type: 'string', enum: ['yes', 'begun', 'no'] },
    object: text('the object that it is in'),
    line: integer('of the object, from 0'),
  },
  {
    topic: text(),
    partition: integer(),
    offset: integer(),
    timestamp: integer(),
    key: { description: 'text, JSON, or bytes that are no text as {"hex"}' },
    value: { description: 'the same' },
    headers: list(list({})),
    task: text(),
    time: integer('of the closed batch'),
    operator: text(),
    values: list({}),
    from: integer(),
    until: integer(),
    content: {},
  },
)

export function listCommand(): Command {
  const command = withJson(asideOptions(new Command('ls')), ASIDE, 'a line of JSON for each')
    .alias('list')
    .description('what was put aside, and why; reads all of its objects')
    .argument('<job>', 'the name of the job')
    .option('--topic <name>', 'only records of this topic')
    .option('--limit <n>', 'so many at most', positive)
    .action(runList)
  return withManual(command, {
    examples: [
      ['millrace quarantine ls shop-totals', 'all that was put aside'],
      ['millrace quarantine ls shop-totals --reason UNDECODABLE --json', 'what could not be decoded, as JSON'],
    ],
    exits: { 4: NO_JOB },
  })
}

async function runList(job: string, flags: ListFlags): Promise<void> {
  const done = endsWithItsReader()
  try {
    await withQuarantine(job, flags, async (opened) => {
      let count = 0
      for await (const aside of opened.all()) {
        if (count === (flags.limit ?? Number.POSITIVE_INFINITY)) return
        count++
        if (!(await printLine(flags.json ? JSON.stringify(shown(aside)) : inWords(aside)))) return
      }
      if (count === 0) console.error(await nothing(job, flags, opened))
    })
  } finally {
    done()
  }
}

const WIDTH = 100

function inWords({ one, replayed }: Aside): string {
  const note = replayed === 'no' ? '' : replayed === 'yes' ? ' (replayed)' : ' (a replay was begun)'
  const value = valueInWords(one)
  const short = value.length > WIDTH ? `${value.slice(0, WIDTH)}…` : value
  return `${one.id}${note}  ${keyInWords(one)}  ${short}  ${whereIn(one)}${reason(one)}`
}

const whereIn = (one: Quarantined): string => (one.kind === 'values' ? `${one.operator}: ` : '')

function reason({ error }: Quarantined): string {
  return error.code === undefined ? error.message : `${error.code}: ${error.message}`
}

/** The counters know of what may lie elsewhere. */
async function nothing(job: string, flags: AsideFlags, { place, below }: Opened): Promise<string> {
  const { table, objects, bucket } = place
  const status = bucket ? await statusOf(job, { table, objects, bucket }, Date.now()) : undefined
  const count = status?.sources.reduce((sum, { totals }) => sum + totals.quarantined, 0) ?? 0
  const empty = `Nothing${flags.kind || flags.topic || flags.reason ? ' that fits' : ''} is in ${below}/.`
  if (count === 0 || flags.in !== undefined || flags.kind || flags.topic || flags.reason) return empty
  return `${empty} The job has put ${count} records aside, so its setting \`quarantine\` names another place, or they have been deleted: pass --in s3://bucket/prefix.`
}
