// Moves positions, for `set` and `import`: what would become of each partition in words, and then, one after the other, the entries that do
// it. What is said is said of what the logs hold at that moment; what is done is held against what they hold by then.

import { hostname, userInfo } from 'node:os'
import type { Command } from 'commander'
import { RefusedError } from '../../errors/cli-errors.ts'
import { InvalidOptionError } from '../../errors/errors.ts'
import { describePosition, offsetOf, type Position as Said } from '../../local/offset-language.ts'
import type { Cluster } from '../../local/topics/cluster.ts'
import { sourceTask } from '../../names/tasks.ts'
import { movePosition, type Who } from '../../runtime/move.ts'
import { type BrokerFlags, kafkaFlags } from '../brokers.ts'
import { columns } from '../columns.ts'
import { confirm } from '../confirm.ts'
import { integer, list, object, text, withJson } from '../json-output.ts'
import { NO_JOB, NOBODY_AGREED } from '../manual.ts'
import { editPlaceOf, type Place, type PlaceFlags, placeOptions } from '../place.ts'
import { extentOf, type JobPositions, type Standing } from './positions.ts'

export interface MoveFlags extends PlaceFlags, BrokerFlags, WhoFlags {
  readonly group?: string
  readonly execute?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export interface WhoFlags {
  readonly reason?: string
}

const MOVED = object(
  {
    job: text(),
    closedUntil: integer('batches up to this time are closed, and stay as they are'),
    positions: list(
      object(
        { topic: text(), partition: integer(), from: integer('where it stands'), to: integer() },
        {
          version: integer('of the entry that says so, in the log of the partition'),
          told: integer('the time of the first record that comes next'),
        },
      ),
    ),
    executed: { type: 'boolean' },
  },
  { group: text('the consumer group that is moved as well') },
)

export const MOVE_EXITS = {
  3: `${NOBODY_AGREED}; or the consumer group has members`,
  4: `${NO_JOB}, or it has never seen the partition`,
} as const

/** Flags of commands that move positions. */
export function moveOptions(command: Command): Command {
  return withJson(kafkaFlags(placeOptions(command)), MOVED)
    .option('--group <name>', 'move this consumer group as well: that of the event source, when it has no members')
    .option('--reason <text>', 'why, for the log')
    .option('--execute', 'do it; without, it is only shown')
    .option('--yes', 'agree to records being counted again')
}

/** Where one partition is to go. */
export interface Target {
  readonly standing: Standing
  readonly said: Said
}

interface Plan {
  readonly topic: string
  readonly partition: number
  readonly task: string
  readonly from: number
  readonly to: number
  /** The time of the first record that comes next, where it is known. */
  readonly told: number | undefined
}

/** Shows what would be done, and does it when that is asked for. */
export async function move(
  place: Place,
  cluster: Cluster | undefined,
  job: string,
  { closedUntil, retention }: JobPositions,
  targets: readonly Target[],
  flags: MoveFlags,
): Promise<void> {
  const { group, execute = false, yes = false, json = false } = flags
  const plans: Plan[] = []
  for (const target of targets) plans.push(await planOf(job, target, cluster))
  const moves = plans.filter(({ from, to }) => from !== to)
  const back = moves.filter(({ from, to }) => to < from)
  if (group !== undefined) await checkGroup(cluster, group)
  if (!json) for (const line of inWords(plans, closedUntil, group)) console.log(line)
  const facts = { job, closedUntil, ...(group !== undefined && { group }) }
  if (!execute) {
    if (json) return tell({ ...facts, positions: plans.map(shown), executed: false })
    return console.log(
      `Nothing was changed: add --execute${back.length > 0 ? ', and --yes because records are counted again' : ''}.`,
    )
  }
  if (back.length > 0) {
    const count = back.reduce((sum, { from, to }) => sum + from - to, 0)
    await confirm(`Up to ${count} records of job '${job}' will be counted again. Go on?`, yes)
  }
  const who = whoIs(flags)
  const positions: object[] = []
  for (const plan of plans) {
    const at = editPlaceOf(place, retention)
    const done = await movePosition(sourceTask(job, plan.task), plan.to, who, at, (from) => agreed(plan, from))
    positions.push({ ...shown(plan), ...(done && { from: done.from, version: done.version }) })
    if (done && !json)
      console.log(
        `${plan.task}: ${done.from} → ${done.to}, version ${done.version} of its log. To take it back: millrace undo ${job} ${plan.task} ${done.version} --execute`,
      )
  }
  if (group !== undefined)
    await cluster?.moveGroup(
      group,
      plans.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
    )
  if (json) return tell({ ...facts, positions, executed: true })
  if (group !== undefined) console.log(`Consumer group '${group}' goes on there. Start the event source again.`)
  else if (back.length > 0) console.log(GROUP_TOO)
}

const GROUP_TOO =
  'The event source goes on where its consumer group stands, and the job stops with POSITION_MOVED until that has been moved back as well: ' +
  'stop the event source, and once the group has no members, --group <name> here or kafka-consumer-groups --reset-offsets.'

/** What was shown was agreed to: nobody is to find records counted again that were to be passed over. */
function agreed({ task, from, to }: Plan, now: number): void {
  if (to < now && to >= from)
    throw new RefusedError(
      `${task} stood at ${from} and has come to ${now} meanwhile: ${to} would be a move back now, and records would be counted again. It was not moved.`,
    )
}

async function planOf(job: string, { standing, said }: Target, cluster: Cluster | undefined): Promise<Plan> {
  const { topic, partition, task, position } = standing
  if (!position)
    throw new RefusedError(
      `Job '${job}' has committed nothing of ${task} yet, so there is nothing to move. Where it begins, startingOffsets in its definition say.`,
    )
  const from = position.until
  const extent = cluster && (await extentOf(cluster, topic, partition))
  if (!cluster || !extent) {
    if (said.kind === 'offset') return { topic, partition, task, from, to: said.offset, told: undefined }
    throw new InvalidOptionError(
      `Where is ${describePosition(said)} in ${task}? Its topic has to be asked: pass --brokers, or write an offset.`,
    )
  }
  const { first, next } = extent
  const offset = await offsetOf(said, { start: first, end: next, offsetAt: (time) => cluster.offsetAt(extent, time) })
  if (offset < first || offset > next)
    throw new InvalidOptionError(
      `${task} has offsets ${first} to ${next - 1}: ${offset < first ? `${offset} is gone` : `${offset} is beyond its end, and records that nobody has read would be passed over`}. Nothing was changed.`,
    )
  const record = offset < next ? await firstRecord(cluster, topic, partition, offset, next) : undefined
  // Told again must begin with a record that exists: an offset may be of one that compaction has taken.
  const to = record && offset < from ? Math.min(record.offset, from) : offset
  return { topic, partition, task, from, to, told: record?.timestamp }
}

async function firstRecord(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
  until: number,
): Promise<{ readonly offset: number; readonly timestamp: number } | undefined> {
  const end = new AbortController()
  for await (const [record] of cluster.read([{ topic, partition, offset, until }], end.signal)) {
    end.abort()
    return record
  }
  return undefined
}

/** @throws RefusedError, InvalidOptionError before anything is changed. */
async function checkGroup(cluster: Cluster | undefined, group: string): Promise<void> {
  if (!cluster) throw new InvalidOptionError('--group: where is it? Pass --brokers.')
  const { members = [] } = (await cluster.group(group)) ?? {}
  if (members.length > 0)
    throw new RefusedError(
      `Consumer group '${group}' has ${members.length === 1 ? 'a member' : `${members.length} members`}, and can be moved only when it has none: stop the event source first. Nothing was changed.`,
    )
}

function inWords(plans: readonly Plan[], closedUntil: number, group: string | undefined): string[] {
  const rows = plans.map(({ task, from, to, told }) => [
    ...[task, from, '→', to, whatItMeans(from, to)],
    told === undefined ? '' : `next comes one of ${new Date(told).toISOString()}`,
  ])
  const back = plans.filter(({ from, to }) => to < from)
  const late = back.some(({ told }) => told === undefined || told < closedUntil)
  return [
    ...columns([['partition', 'from', '', 'to', 'what that means', ''], ...rows]),
    ...(late && closedUntil > 0
      ? [
          `Batches up to ${new Date(closedUntil).toISOString()} are closed and stay as they are: what is told again from before joins the batch that is open.`,
        ]
      : []),
    ...(group === undefined ? [] : [`Consumer group '${group}' is moved to the same offsets.`]),
  ]
}

function whatItMeans(from: number, to: number): string {
  if (from === to) return 'it stands there'
  const count = Math.abs(from - to)
  const records = count === 1 ? '1 record' : `${count} records`
  return to < from ? `${records} will be counted again` : `${records} will be skipped, and never be counted`
}

function shown({ topic, partition, from, to, told }: Plan): object {
  return { topic, partition, from, to, ...(told !== undefined && { told }) }
}

function tell(facts: object): void {
  console.log(JSON.stringify(facts))
}

/** Who is at this terminal, for the log. */
export function whoIs({ reason }: WhoFlags): Who {
  return { by: `${userName()}@${hostname()}`, ...(reason !== undefined && { why: reason }) }
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? String(process.getuid?.() ?? 'somebody')
  }
}
