// `millrace offsets skip`: declares offsets of a partition missing for good, so that a job that stopped at OFFSET_GAP goes on
// without them. Such a declaration skips nothing that comes: it is read only where something did not.

import { Command, InvalidArgumentError } from 'commander'
import { InvalidOptionError } from '../../errors/errors.ts'
import { TaskLog } from '../../log/task-log.ts'
import { partitionName, sourceTask, type TaskRef } from '../../names/tasks.ts'
import { declareHole, knownHoles } from '../../sources/kafka/holes.ts'
import { isKafkaCommit } from '../../sources/kafka/position.ts'
import { boolean, integer, list, nullOr, object, text, withJson } from '../json-output.ts'
import { type Manual, NO_JOB, withManual } from '../manual.ts'
import { openPlace, type Place, type PlaceFlags, placeOptions } from '../place.ts'
import { checkTopic } from './positions.ts'

interface SkipFlags extends PlaceFlags {
  readonly topic: string
  readonly partition: number
  readonly at: number
  readonly until?: number
  readonly execute?: boolean
  readonly json?: boolean
}

const HOLES = list(object({ from: integer(), until: integer('the first offset after it') }))
const SKIPPED = object({
  job: text(),
  topic: text(),
  partition: integer(),
  at: integer('the first offset that is missing'),
  until: integer('the first after those'),
  position: nullOr(integer('the offset that the job reads next; null: it has read none')),
  before: HOLES,
  holes: HOLES,
  executed: boolean(),
})
const SKIP: Manual = {
  examples: [
    ['millrace offsets skip hot-words --topic lines --partition 0 --at 41', 'what would change'],
    [
      'millrace offsets skip hot-words --topic lines --partition 0 --at 41 --until 50 --execute',
      'nine offsets, written down',
    ],
  ],
  exits: { 4: NO_JOB },
}

export function skipCommand(): Command {
  const skip = withJson(placeOptions(new Command('skip')), SKIPPED)
    .description(
      'declare offsets missing for good, so that the job goes on without them; shows what would change until --execute',
    )
    .argument('<job>', 'the name of the job')
    .requiredOption('--topic <name>', 'the topic')
    .requiredOption('--partition <n>', 'the partition', wholeNumber)
    .requiredOption('--at <offset>', 'the offset that is missing, or the first of several', wholeNumber)
    .option('--until <offset>', 'the first offset after those that are missing (default: one is)', wholeNumber)
    .option('--execute', 'write it down')
    .action(runSkip)
  return withManual(skip, SKIP)
}

async function runSkip(job: string, flags: SkipFlags): Promise<void> {
  const { topic, partition, at, until = at + 1, execute = false, json = false } = flags
  if (until <= at)
    throw new InvalidOptionError(`--until ${until} is the first offset after the hole, so it must be above --at ${at}.`)
  const ref: TaskRef = sourceTask(job, partitionName(topic, partition))
  const place = openPlace(flags)
  const { table } = place
  try {
    await checkTopic(place, job, topic)
    const position = await positionOf(place, ref)
    if (position !== undefined && at < position) {
      throw new InvalidOptionError(
        `Job '${job}' has committed ${ref.task} up to offset ${position}, so ${at} is not missing. Nothing was changed.`,
      )
    }
    const before = await knownHoles(table, ref)
    const holes = execute ? await declareHole(table, ref, { from: at, until }) : before
    if (json)
      console.log(
        JSON.stringify({
          job,
          topic,
          partition,
          at,
          until,
          position: position ?? null,
          before,
          holes,
          executed: execute,
        }),
      )
    else for (const line of inWords(ref, { at, until, position, execute })) console.log(line)
  } finally {
    place.close()
  }
}

function inWords(
  { task }: TaskRef,
  { at, until, position, execute }: { at: number; until: number; position: number | undefined; execute: boolean },
): string[] {
  const offsets = until - at === 1 ? `offset ${at}` : `offsets ${at} to ${until - 1} (${until - at})`
  const moves =
    position === at ? `${task}: ${position} → ${until}` : `${task}: stands at ${position ?? 'its beginning'}`
  return [
    `${moves}; ${offsets} will count as missing when the next record comes`,
    execute
      ? 'Written down. A function that stopped at OFFSET_GAP goes on with its next try; nothing has to be restarted.'
      : 'Nothing was changed: add --execute to write it down.',
  ]
}

/** The offset that the job wants next; undefined when it has committed nothing of the partition. */
async function positionOf({ table, objects }: Place, ref: TaskRef): Promise<number | undefined> {
  // The bucket is for writing only.
  const head = await new TaskLog(ref, table, objects, '', isKafkaCommit).head()
  return head?.record.position?.until
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 0.')
}
