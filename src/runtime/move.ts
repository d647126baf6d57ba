// Moves the position of a source task, and takes such a move back: what `millrace offsets set` and `millrace undo` do to its log.

import { NotFoundError, RefusedError } from '../errors/cli-errors.ts'
import type { Edit } from '../log/commit-record.ts'
import { type Entry, TaskLog } from '../log/task-log.ts'
import type { TaskRef } from '../names/tasks.ts'
import { movedTo } from '../sources/kafka/moved.ts'
import { isKafkaCommit, isPosition, type KafkaCommit, type Position } from '../sources/kafka/position.ts'
import { appendEdit, type EditPlace, sourceEdited } from './edits.ts'

/** More lost races than this mean that the log cannot be written. */
const MAX_CONFLICTS = 50

/** Who edits, and why. */
export type Who = Pick<Edit, 'by' | 'why'>

export interface Moved {
  /** The entry that was written. */
  readonly version: number
  readonly from: number
  readonly to: number
}

export function openKafkaLog(task: TaskRef, { logs, now, retention, trustExpired }: EditPlace): TaskLog<KafkaCommit> {
  const { table, objects, bucket } = logs
  return new TaskLog(task, table, objects, bucket, isKafkaCommit, undefined, {
    now: () => now,
    retention,
    trustExpired,
  })
}

/** The head of a task that stands somewhere. @throws NotFoundError */
export async function standing(
  log: TaskLog<KafkaCommit>,
): Promise<Entry<KafkaCommit> & { readonly position: Position }> {
  const head = await log.head()
  const position = head?.record.position
  if (head && position) return { ...head, position }
  throw new NotFoundError(
    `Job '${log.task.job}' has committed nothing of ${log.task.task} yet, so it stands nowhere. Where it begins, startingOffsets in its definition say.`,
  )
}

/**
 * Sets where a task stands.
 *
 * @param allow is told where it stands at that moment, and throws when it must not be moved from there
 * @returns undefined when it stands there already
 */
export async function movePosition(
  task: TaskRef,
  to: number,
  who: Who,
  place: EditPlace,
  allow: (from: number) => void = () => {},
): Promise<Moved | undefined> {
  const log = openKafkaLog(task, place)
  return inTurn(task, async () => {
    const head = await standing(log)
    const from = head.position.until
    if (from === to) return 'nothing'
    allow(from)
    const position = movedTo(head.position, to, place.now)
    return write(log, head, position, { what: 'position', ...who, before: head.position }, place)
  })
}

/** Asks again after a lost race. */
export async function inTurn<T>(
  task: TaskRef,
  attempt: () => Promise<T | 'conflict' | 'nothing'>,
): Promise<T | undefined> {
  for (let n = 0; n < MAX_CONFLICTS; n++) {
    const done = await attempt()
    if (done === 'nothing') return undefined
    if (done !== 'conflict') return done
  }
  throw new RefusedError(`${task.task} is written by others all the time. Nothing was changed: try again.`)
}

async function write(
  log: TaskLog<KafkaCommit>,
  head: Entry<KafkaCommit> & { readonly position: Position },
  position: Position,
  edit: Edit,
  place: EditPlace,
): Promise<Moved | 'conflict'> {
  const record = { ...(await sourceEdited(log, head, edit, place)), position }
  if ((await appendEdit(log, head, record, place.retention)) === 'conflict') return 'conflict'
  return { version: head.version + 1, from: head.position.until, to: position.until }
}

/**
 * Takes a move back, if nothing has come since.
 *
 * @throws RefusedError when records have been counted since, or somebody has moved it again.
 */
export async function undoMove(task: TaskRef, version: number, who: Who, place: EditPlace): Promise<Moved | undefined> {
  const log = openKafkaLog(task, place)
  return inTurn(task, async () => {
    const [head, entry] = await Promise.all([standing(log), log.at(version)])
    const position = whatWas(task, version, entry, head)
    return write(log, head, position, { what: 'position', ...who, undoes: version, before: head.position }, place)
  })
}

/** The position before a move that can be taken back. @throws RefusedError, NotFoundError */
export function whatWas(
  task: TaskRef,
  version: number,
  entry: Entry<KafkaCommit> | undefined,
  { position }: { readonly position: Position },
): Position {
  const where = `version ${version} of ${task.task}`
  if (!entry)
    throw new NotFoundError(
      `There is no ${where}, or it has expired. millrace log ${task.job} ${task.task} shows what there is.`,
    )
  const { edit, position: moved } = entry.record
  if (edit?.what !== 'position' || !moved)
    throw new RefusedError(`Cannot undo ${where}: it is no move of an operator. Nothing was changed.`)
  const { before } = edit
  if (!isPosition(before))
    throw new RefusedError(`Cannot undo ${where}: it does not say where the task stood. Nothing was changed.`)
  if (
    position.until !== moved.until ||
    position.again !== moved.again ||
    position.moved?.to !== moved.moved?.to ||
    position.moved?.from !== moved.moved?.from
  )
    throw new RefusedError(
      `Cannot undo ${where}: it set ${moved.until}, and the task stands at ${position.until} now. Records have been counted, or somebody has moved it again. ` +
        `Nothing was changed. To have it at ${before.until} all the same: millrace offsets set, which says what that means.`,
    )
  // How often records were told again is never taken back: it is in the names of what was made of them.
  return { ...before, ...(position.again !== undefined && { again: position.again }) }
}
