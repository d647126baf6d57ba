// `millrace state diff`: which keys of an operator came, changed and went between two moments.

import { Command } from 'commander'
import { placeOfTask } from '../../names/tasks.ts'
import { changesOf, type EntryChange } from '../../runtime/kept/diff.ts'
import { tagged, taggedText } from '../../values/tagged-json.ts'
import { integer, object, text, withJson } from '../json-output.ts'
import { withManual } from '../manual.ts'
import { type PlaceFlags, placeOptions } from '../place.ts'
import { endsWithItsReader, printLine } from '../stdout.ts'
import { VALUE } from './get.ts'
import { checkKept, inTime, momentOf, operatorNamed, stateAt, TIMES, withJob } from './kept.ts'
import { positive } from './scan.ts'

interface DiffFlags extends PlaceFlags {
  readonly from: string
  readonly to?: string
  readonly clock?: boolean
  readonly limit?: number
  readonly json?: boolean
}

const LINE = object(
  { change: { type: 'string', enum: ['added', 'changed', 'removed'] }, task: text(), cell: text() },
  { key: VALUE, time: integer('of a batch that is held'), index: integer(), before: VALUE, after: VALUE },
)

export function diffCommand(): Command {
  const command = withJson(placeOptions(new Command('diff')), LINE, 'a line of JSON for each change')
    .description('the keys that came, changed and went between two moments')
    .argument('<job>', 'the name of the job')
    .argument('<operator>', 'its id, or a part that only it has')
    .requiredOption('--from <time>', `the state after the last batch by then: ${TIMES}`)
    .option('--to <time>', 'the same (default: now)')
    .option('--clock', 'times are when something was committed, by the clock')
    .option('--limit <n>', 'so many changes at most', positive)
    .action(runDiff)
  return withManual(command, {
    examples: [['millrace state diff shop-totals totals --from -24h', 'what has changed since yesterday']],
    exits: { 4: 'there is no such job or operator' },
  })
}

async function runDiff(job: string, name: string, flags: DiffFlags): Promise<void> {
  const [from, to] = [momentOf('--from', flags.from, flags.clock), momentOf('--to', flags.to, flags.clock)]
  const done = endsWithItsReader()
  try {
    await withJob(job, flags, async (opened) => {
      const operator = operatorNamed(opened.kept, name)
      for (const moment of [from, to]) await checkKept(operator.tasks, opened, moment)
      const counts = { added: 0, changed: 0, removed: 0 }
      for (const task of operator.tasks) {
        const [before, after] = [await stateAt(task, opened, from), await stateAt(task, opened, to)]
        if (before.point?.version === after.point?.version) continue // not a byte differs
        for (const change of changesOf(before, after, operator.id, operator.form)) {
          if (counts.added + counts.changed + counts.removed >= (flags.limit ?? Number.POSITIVE_INFINITY)) return
          counts[change.change]++
          const line = flags.json ? asJson(placeOfTask(task), change) : inWords(change)
          if (!(await printLine(line))) return
        }
      }
      console.error(`${counts.added} added, ${counts.changed} changed, ${counts.removed} removed.`)
    })
  } finally {
    done()
  }
}

function asJson(task: string, { change, key, ...rest }: EntryChange): string {
  const { before, after, ...where } = { before: undefined, after: undefined, ...rest }
  return JSON.stringify({
    change,
    task,
    ...where,
    ...(key !== undefined && { key: tagged(key) }),
    ...(change !== 'added' && { before: tagged(before) }),
    ...(change !== 'removed' && { after: tagged(after) }),
  })
}

const SIGNS = { added: '+', changed: '~', removed: '-' } as const

function inWords(change: EntryChange): string {
  const { cell, time, key, index } = change
  const where = time === undefined ? cell : `${cell} ${inTime(time)}`
  const of = key !== undefined ? ` ${taggedText(key)}` : index !== undefined ? ` #${index}` : ''
  const what =
    change.change === 'added'
      ? taggedText(change.after)
      : change.change === 'removed'
        ? taggedText(change.before)
        : `${taggedText(change.before)} → ${taggedText(change.after)}`
  return `${SIGNS[change.change]} ${where}${of}: ${what}`
}
