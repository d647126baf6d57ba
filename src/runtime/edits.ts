// What an operator at a terminal changes of a job: where a task stands, or the state of a key. It is an entry of the task's own log, under
// the same fence as a micro-batch (I1): the condition of the write lets it follow what was looked at, or not happen; and whoever has the
// task in memory conflicts with it, and reads. It says what the entry before it says, but for the one thing, who changed it, and what was
// there before.
//
// It performs nothing. What the entry before it has promised may not be done yet, and an entry with a successor counts as published (I3): so it
// takes the promises over, and whoever goes on does them. Of a log at rest it goes on resting: an entry that stays, on a snapshot of its own.

import { RefusedError } from '../errors/cli-errors.ts'
import type { BucketCommit, Edit, Effect, InPlaceCommit, SourceCommit, StateChange } from '../log/commit-record.ts'
import { NO_COUNTS } from '../log/commit-record.ts'
import type { Logs } from '../log/kept-state.ts'
import { readSnapshot, writeSnapshot } from '../log/snapshots.ts'
import type { Entry, TaskLog } from '../log/task-log.ts'
import { isInPlace } from '../names/edges.ts'
import { placeOfTask, type TaskRef } from '../names/tasks.ts'
import type { StateChanges } from '../programs/bucket-program.ts'
import { bucketCommit } from './buckets/bucket-commit.ts'
import type { Committed } from './fenced-log.ts'
import { LEAST_RETENTION } from './snapshot-due.ts'

/** The code that an edit is of: a bucket that meets it asks its operators anew what is due. */
const CODE = 'an operator'

/** Where and when an edit is made. */
export interface EditPlace {
  readonly logs: Logs
  /** The clock, milliseconds. */
  readonly now: number
  /** For how long entries are kept. */
  readonly retention: number
  /** As in the environment of the job. */
  readonly trustExpired?: number | undefined
}

/** The change of one cell, with the version of its value. */
export interface CellEdit {
  readonly operator: string
  readonly change: StateChange
  readonly version: number | undefined
}

/** What follows the head of a source task. @param cell of an operator in place; undefined: where the task stands is changed, by whoever asks */
export async function sourceEdited<P>(
  log: TaskLog<SourceCommit<P>>,
  head: Entry<SourceCommit<P>>,
  edit: Edit,
  place: EditPlace,
  cell?: CellEdit,
): Promise<SourceCommit<P>> {
  const { inputs: _, edit: __, inPlace, ...record } = head.record
  const kept = inPlace && (await carried(log, head, inPlace, place))
  return {
    ...record,
    kind: record.kind === 'seal' || record.kind === 'sleep' ? record.kind : 'idle',
    at: place.now,
    code: CODE,
    partials: [],
    outbox: takenOver(head),
    counts: NO_COUNTS,
    edit,
    ...(kept && { inPlace: { ...kept, state: cell ? changesOf(cell) : [], next: inPlace.next } }),
  }
}

/** Where recovery begins, as the runtime says it in the entries between two snapshots. */
async function carried<P>(
  log: TaskLog<SourceCommit<P>>,
  head: Entry<SourceCommit<P>>,
  kept: InPlaceCommit,
  place: EditPlace,
): Promise<Omit<InPlaceCommit, 'state' | 'next'>> {
  const { now, retention } = place
  if (head.record.kind !== 'seal') {
    const logFor = Math.min(retention, kept.logFor ?? LEAST_RETENTION)
    return { ...kept, logBytes: kept.logBytes + head.bytes, logFor }
  }
  const { objects } = place.logs
  const before = kept.snapshot ? await readSnapshot(objects, kept.snapshot) : []
  const entries = (await log.read(kept.since, true)).filter(({ version }) => version <= head.version)
  const open = entries.some(({ record }) =>
    record.partials.some(({ shuffle }) => shuffle.some(([edge]) => isInPlace(edge))),
  )
  if (open)
    throw new RefusedError(
      `${placeOfTask(log.task)} is about to come to rest. Nothing was changed: try again in a minute.`,
    )
  const state = [...before, ...entries.flatMap(({ record }) => record.inPlace?.state ?? [])]
  const snapshot = await save(log, head.version, state, kept.snapshot, place)
  return { since: head.version, snapshot, logBytes: 0, logSince: now, logFor: retention }
}

/** What follows the head of a bucket, and changes the state of a key. */
export async function bucketStateEdited(
  log: TaskLog<BucketCommit>,
  head: Entry<BucketCommit>,
  cell: CellEdit,
  edit: Edit,
  place: EditPlace,
): Promise<BucketCommit> {
  const { now: at, retention } = place
  const { record, version } = head
  const state = changesOf(cell)
  if (record.kind === 'seal') {
    const before = record.snapshot ? await readSnapshot(place.logs.objects, record.snapshot) : []
    const entries = (await log.read(record.snapshot?.version ?? 0, true)).filter((one) => one.version <= version)
    const whole = [...before, ...entries.flatMap((one) => one.record.state)]
    const snapshot = await save(log, version, whole, record.snapshot, place)
    return { ...record, at, code: CODE, state, snapshot, logBytes: 0, logSince: at, logFor: retention, edit }
  }
  const { closedUntil, due, partials, plan, waitsFrom } = record
  const next = bucketCommit(
    head,
    undefined,
    { at, code: CODE, plan: plan ?? '', closedUntil, due, partials, state, ran: [], outbox: takenOver(head) },
    { retention },
  )
  const { plan: _, ...unplanned } = next
  return { ...(plan === undefined ? unplanned : next), ...(waitsFrom !== undefined && { waitsFrom }), edit }
}

function changesOf({ operator, change, version }: CellEdit): StateChanges {
  return [version === undefined ? [operator, [change]] : [operator, [change], version]]
}

function save(
  { task }: { readonly task: TaskRef },
  version: number,
  state: StateChanges,
  before: InPlaceCommit['snapshot'],
  { logs: { objects, bucket }, now }: EditPlace,
): ReturnType<typeof writeSnapshot> {
  return writeSnapshot(objects, bucket, task, version, state, now, before)
}

/** What is promised stays promised. A call is named by who promised it first. */
function takenOver({ version, record: { outbox } }: Entry<Committed>): Effect[] {
  return outbox.map((effect) => (effect.kind === 'call' ? { ...effect, of: effect.of ?? version } : effect))
}

/**
 * Step 5 for an edit: one conditional write. Nothing is staged for it, and what it has taken over is not its own to throw away.
 *
 * @param head the entry that it is to follow
 */
export async function appendEdit<R extends Committed>(
  log: TaskLog<R>,
  head: Entry<R>,
  record: R,
  retention: number,
): Promise<'committed' | 'conflict'> {
  const version = head.version + 1
  const prepared = await log.prepare(record, version)
  const stays = record.kind === 'seal' || record.kind === 'sleep'
  const outcome = await log.append(version, prepared, stays ? undefined : record.at + retention)
  if (outcome === 'conflict') await log.discard(prepared)
  return outcome
}
