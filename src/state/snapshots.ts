// Snapshots: the whole state of a task as of one version, as an object that a commit names (DESIGN §3).

import { randomUUID } from 'node:crypto'
import { decode, encode } from './codec.ts'
import type { BucketCommit, SnapshotPointer } from './commit-record.ts'
import { type ObjectStore, objectUrl } from './object-store.ts'
import { isStateShape } from './record-shape.ts'
import { UnreadableStateError, UnwritableRecordError } from './state-errors.ts'
import { describeTask, objectPath, type TaskRef } from './task.ts'

type State = BucketCommit['state']

/** Writes the state as of `version`; nobody reads it until a commit names it. @throws UnwritableRecordError */
export async function writeSnapshot(
  objects: ObjectStore,
  bucket: string,
  task: TaskRef,
  version: number,
  state: State,
  newId: () => string = randomUUID,
): Promise<SnapshotPointer> {
  if (!isStateShape(state)) throw new UnwritableRecordError(`a snapshot of ${describeTask(task)}`, state)
  const path = objectPath(task.job, task.stage, task.task)
  const ref = { bucket, key: `_millrace/snapshots/${path}/${version}-${newId()}` }
  const body = encode(state, false, ref.key)
  await objects.put(ref, body)
  return { version, ref, bytes: body.length }
}

/** @throws UnreadableStateError when it is missing, damaged, or something else. */
export async function readSnapshot(objects: ObjectStore, { ref }: SnapshotPointer): Promise<State> {
  const where = `snapshot ${objectUrl(ref)}`
  const bytes = await objects.get(ref)
  if (!bytes) throw new UnreadableStateError(where, 'it is missing')
  const { value } = decode(where, bytes, ref.key)
  if (!isState(value)) throw new UnreadableStateError(where, 'it holds no state')
  return value
}

function isState(value: unknown): value is State {
  return isStateShape(value)
}
