// Changes the state of one key, and takes such a change back: what `millrace state edit` and `millrace undo` do to the log of a bucket, or of a
// partition with operators in place. What was there is read at the very entry that the edit is to follow.

import { NotFoundError, RefusedError } from '../errors/cli-errors.ts'
import {
  type BucketCommit,
  type Edit,
  isBucketCommit,
  isSourceCommit,
  type SourceCommit,
} from '../log/commit-record.ts'
import { readSnapshot } from '../log/snapshots.ts'
import { type Entry, TaskLog } from '../log/task-log.ts'
import { placeOfTask, SOURCE_STAGE, type TaskRef } from '../names/tasks.ts'
import type { StateChanges } from '../programs/bucket-program.ts'
import { appendEdit, bucketStateEdited, type CellEdit, type EditPlace, sourceEdited } from './edits.ts'
import { sameAs } from './kept/entries.ts'
import { inTurn, type Who } from './move.ts'

/** What an operator keeps in one task, as far as an edit of one cell wants to know. */
export interface Found {
  /** What is saved in the cell; undefined: nothing. */
  readonly saved: unknown
  /** Of the values of the operator; undefined: 1. */
  readonly version: number | undefined
  /** What is saved under any other key, so that a new one can be held against it. */
  readonly another: unknown
}

export interface EditedState {
  /** The entry that was written. */
  readonly version: number
  readonly before: unknown
  /** Undefined: the key is gone. */
  readonly after: unknown
}

type Cell = readonly [name: string, key: unknown]
type Commit = SourceCommit | BucketCommit

/** The log of a task that keeps state, at its head. */
interface Kept {
  readonly task: TaskRef
  readonly head: Entry<Commit>
  readonly state: StateChanges
  at(version: number): Promise<Entry<Commit> | undefined>
  after(version: number): Promise<readonly Entry<Commit>[]>
  append(cell: CellEdit, edit: Edit): Promise<'committed' | 'conflict'>
}

/**
 * Sets or deletes the state of a key.
 *
 * @param next what is to be saved; undefined: nothing. Throws when that must not be.
 */
export async function editState(
  task: TaskRef,
  operator: string,
  cell: Cell,
  next: (found: Found) => unknown,
  who: Who,
  place: EditPlace,
): Promise<EditedState | undefined> {
  return inTurn(task, async () => {
    const kept = await open(task, place)
    const found = lookUp(kept, operator, cell)
    const value = next(found)
    if (value === undefined && found.saved === undefined) return 'nothing'
    return write(kept, operator, cell, { ...who, before: found.saved }, value, found.version)
  })
}

/** What is kept in a cell now. */
export async function stateOf(task: TaskRef, operator: string, cell: Cell, place: EditPlace): Promise<Found> {
  return lookUp(await open(task, place), operator, cell)
}

/** Takes an edit back, if nobody has touched the key since. @throws RefusedError, NotFoundError */
export async function undoState(
  task: TaskRef,
  version: number,
  who: Who,
  place: EditPlace,
): Promise<EditedState | undefined> {
  return inTurn(task, async () => {
    const kept = await open(task, place)
    const { operator, cell, before, after, values } = await editedAt(kept, version)
    return write(kept, operator, cell, { ...who, undoes: version, before: after }, before, values)
  })
}

/** An edit that can be taken back: what was there before it, and what it has put there. */
export async function stateEditAt(
  task: TaskRef,
  version: number,
  place: EditPlace,
): Promise<{ readonly operator: string; readonly cell: Cell; readonly before: unknown; readonly after: unknown }> {
  return editedAt(await open(task, place), version)
}

async function editedAt(kept: Kept, version: number) {
  const { task } = kept
  const where = `version ${version} of ${placeOfTask(task)}`
  const entry = await kept.at(version)
  if (!entry)
    throw new NotFoundError(
      `There is no ${where}, or it has expired. millrace log ${task.job} ${placeOfTask(task)} shows what there is.`,
    )
  const { edit } = entry.record
  if (edit?.what !== 'state' || !isCell(edit.cell))
    throw new RefusedError(`Cannot undo ${where}: it is no edit of a state. Nothing was changed.`)
  const { operator, cell, before, version: values } = edit
  for (const later of await kept.after(version))
    if (lastIn(changesIn(later.record), operator, cell))
      throw new RefusedError(
        `Cannot undo ${where}: the key has changed since, with version ${later.version}. Nothing was changed. millrace state get shows what it is now, and state edit sets it.`,
      )
  const set = lastIn(changesIn(entry.record), operator, cell)
  return { operator, cell, before, after: set?.deleted ? undefined : set?.value, values }
}

async function write(
  kept: Kept,
  operator: string,
  cell: Cell,
  said: Who & { readonly undoes?: number; readonly before: unknown },
  value: unknown,
  version: number | undefined,
): Promise<EditedState | 'conflict'> {
  const change = { cell, value, deleted: value === undefined }
  const edit: Edit = { what: 'state', operator, cell, ...said, ...(version !== undefined && { version }) }
  if ((await kept.append({ operator, change, version }, edit)) === 'conflict') return 'conflict'
  return { version: kept.head.version + 1, before: said.before, after: value }
}

async function open(task: TaskRef, place: EditPlace): Promise<Kept> {
  const { table, objects, bucket } = place.logs
  const life = { now: () => place.now, retention: place.retention, trustExpired: place.trustExpired }
  if (task.stage === SOURCE_STAGE) {
    const log = new TaskLog(task, table, objects, bucket, isSourceCommit, undefined, life)
    const head = begun(task, await log.head())
    const { inPlace } = head.record
    const entries = inPlace ? await log.read(inPlace.since, true) : []
    const changes = entries.flatMap(({ version, record }) =>
      version <= head.version ? (record.inPlace?.state ?? []) : [],
    )
    return {
      task,
      head,
      state: [...(await saved(place, inPlace?.snapshot)), ...changes],
      at: (version) => log.at(version),
      after: (version) => log.read(version, true),
      append: async (cell, edit) =>
        appendEdit(log, head, await sourceEdited(log, head, edit, place, cell), place.retention),
    }
  }
  const log = new TaskLog(task, table, objects, bucket, isBucketCommit, undefined, life)
  const head = begun(task, await log.head())
  const { snapshot } = head.record
  const entries = await log.read(snapshot?.version ?? 0, true)
  return {
    task,
    head,
    state: [
      ...(await saved(place, snapshot)),
      ...entries.flatMap(({ version, record }) => (version <= head.version ? record.state : [])),
    ],
    at: (version) => log.at(version),
    after: (version) => log.read(version, true),
    append: async (cell, edit) =>
      appendEdit(log, head, await bucketStateEdited(log, head, cell, edit, place), place.retention),
  }
}

function begun<R>(task: TaskRef, head: Entry<R> | undefined): Entry<R> {
  if (head) return head
  throw new NotFoundError(`${placeOfTask(task)} of job '${task.job}' has not begun yet: it keeps nothing.`)
}

async function saved({ logs }: EditPlace, snapshot: BucketCommit['snapshot']): Promise<StateChanges> {
  return snapshot ? readSnapshot(logs.objects, snapshot) : []
}

function changesIn(record: Commit): StateChanges {
  return 'frontier' in record ? (record.inPlace?.state ?? []) : record.state
}

/** @throws RefusedError when the key is of another version than what the code keeps now: nobody can say what it will be. */
function lookUp({ state, task }: Kept, operator: string, [name, key]: Cell): Found {
  const isIt = sameAs(key)
  let found: { readonly value: unknown; readonly version: number | undefined } | undefined
  let version: number | undefined
  let another: unknown
  for (const [id, changes, of] of state) {
    if (id !== operator || changes.length === 0) continue
    version = of
    for (const { cell, value, deleted } of changes) {
      if (!isCell(cell) || cell[0] !== name) continue
      if (isIt(cell[1])) found = deleted ? undefined : { value, version: of }
      else if (!deleted) another = value
    }
  }
  if (found && found.version !== version)
    throw new RefusedError(
      `The state of this key in ${placeOfTask(task)} is of version ${found.version ?? 1}, and the code keeps version ${version ?? 1}: it is migrated with the next snapshot. Nothing was changed: try again then.`,
    )
  return { saved: found?.value, version, another }
}

function lastIn(state: StateChanges, operator: string, [name, key]: Cell) {
  const isIt = sameAs(key)
  const own = state.flatMap(([id, changes]) => (id === operator ? changes : []))
  return own.findLast(({ cell }) => isCell(cell) && cell[0] === name && isIt(cell[1]))
}

function isCell(cell: unknown): cell is Cell {
  return Array.isArray(cell) && cell.length === 2 && typeof cell[0] === 'string'
}
