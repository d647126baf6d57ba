// `millrace undo`: the opposite of what an operator has changed, as an entry of its own, when nothing has come since that would make it wrong.

import { Command, InvalidArgumentError } from 'commander'
import { isSourceCommit } from '../log/commit-record.ts'
import { TaskLog } from '../log/task-log.ts'
import { placeOfTask, SOURCE_STAGE, type TaskRef, taskAt } from '../names/tasks.ts'
import { stateEditAt, undoState } from '../runtime/edit-state.ts'
import type { EditPlace } from '../runtime/edits.ts'
import { openKafkaLog, standing, undoMove, type Who, whatWas } from '../runtime/move.ts'
import { tagged, taggedText } from '../values/tagged-json.ts'
import { integer, object, text, withJson } from './json-output.ts'
import { NO_JOB, withManual } from './manual.ts'
import { type WhoFlags, whoIs } from './offsets/moving.ts'
import { positionsOf } from './offsets/positions.ts'
import { editPlaceOf, openPlace, type PlaceFlags, placeOptions } from './place.ts'

interface UndoFlags extends PlaceFlags, WhoFlags {
  readonly execute?: boolean
  readonly json?: boolean
}

const UNDONE = object(
  {
    job: text(),
    task: text(),
    undoes: integer('the version that is taken back'),
    from: {},
    to: {},
    executed: { type: 'boolean' },
  },
  { version: integer('of the entry that takes it back') },
)

export function undoCommand(): Command {
  const command = withJson(placeOptions(new Command('undo')), UNDONE)
    .description(
      'take back a position that was set, or a state that was edited, if nothing has come since; shows it until --execute',
    )
    .argument('<job>', 'the name of the job')
    .argument('<task>', 'a partition (lines-0), or stage/bucket, as millrace log says it')
    .argument('<version>', 'which entry of its log', versionNumber)
    .option('--reason <text>', 'why, for the log')
    .option('--execute', 'do it; without, it is only shown')
    .action(runUndo)
  return withManual(command, {
    examples: [
      ['millrace undo hot-words lines-0 17', 'what would be taken back'],
      ['millrace undo hot-words totals/3 42 --execute', 'the edit of a state, taken back'],
    ],
    exits: { 3: 'something has come since that makes it wrong', 4: `${NO_JOB}, or no such entry` },
  })
}

async function runUndo(job: string, where: string, version: number, flags: UndoFlags): Promise<void> {
  const { execute = false, json = false } = flags
  const place = openPlace(flags)
  try {
    const { retention } = await positionsOf(place, job)
    const at = editPlaceOf(place, retention)
    const task = taskAt(job, where)
    const { from, to, of, undo } = await changeAt(task, version, whoIs(flags), at)
    const done = execute ? await undo() : undefined
    const facts = { job, task: where, undoes: version, from: tagged(from), to: tagged(to), executed: execute }
    if (json) return console.log(JSON.stringify({ ...facts, ...(done && { version: done.version }) }))
    const shown = [from, to].map((one) => (one === undefined ? 'nothing' : taggedText(one)))
    console.log(`${of}: ${shown.join(' → ')}`)
    console.log(
      done ? `Version ${version} is taken back, by version ${done.version}.` : 'Nothing was changed: add --execute.',
    )
    if (done && typeof from === 'number' && of === where)
      console.log('Move the consumer group back as well, if it was moved.')
  } finally {
    place.close()
  }
}

interface Change {
  readonly of: string
  readonly from: unknown
  readonly to: unknown
  undo(): Promise<{ readonly version: number } | undefined>
}

/** @throws RefusedError, NotFoundError */
async function changeAt(task: TaskRef, version: number, who: Who, at: EditPlace): Promise<Change> {
  const entry =
    task.stage === SOURCE_STAGE
      ? await new TaskLog(task, at.logs.table, at.logs.objects, at.logs.bucket, isSourceCommit).at(version)
      : undefined
  if (task.stage !== SOURCE_STAGE || entry?.record.edit?.what === 'state') {
    const { operator, cell, before, after } = await stateEditAt(task, version, at)
    const of = `${operator}, ${taggedText(cell[1])} in ${placeOfTask(task)}`
    return { of, from: after, to: before, undo: () => undoState(task, version, who, at) }
  }
  const log = openKafkaLog(task, at)
  const [head, moved] = await Promise.all([standing(log), log.at(version)])
  const before = whatWas(task, version, moved, head)
  return {
    ...{ of: task.task, from: head.position.until, to: before.until },
    undo: () => undoMove(task, version, who, at),
  }
}

function versionNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number, as millrace log shows it.')
}
