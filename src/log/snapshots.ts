// Snapshots: the whole state of a task as of one version, as an object that a commit names (DESIGN §3).

import { randomUUID } from 'node:crypto'
import { UnreadableStateError, UnwritableRecordError } from '../errors/state-errors.ts'
import { objectUrl, snapshotFolder, snapshotId, snapshotKey, snapshotNameOf } from '../names/objects.ts'
import { describeTask, type TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { bodyOf, decode, encode } from './codec.ts'
import { type BucketCommit, isState, type SnapshotPointer } from './commit-record.ts'
import { type PackedState, packedState } from './packed-state.ts'

type State = BucketCommit['state']

/**
 * Writes the state as of `version`; nobody reads it until a commit names it. Its name says when it was written and which one
 * was in force, so that a list of names tells what is needed.
 *
 * @param previous what the newest commit names.
 * @throws UnwritableRecordError
 */
export async function writeSnapshot(
  objects: ObjectStore,
  bucket: string,
  task: TaskRef,
  version: number,
  state: State,
  at: number,
  previous?: SnapshotPointer,
  newId: () => string = randomUUID,
): Promise<SnapshotPointer> {
  if (!isState(state)) throw new UnwritableRecordError(`a snapshot of ${describeTask(task)}`, state)
  const before = previous ? snapshotId(previous.ref.key) : ''
  const key = snapshotKey(task, { version, at, previous: before, id: newId() })
  const ref = { bucket, key }
  const body = encode(state, false, ref.key)
  await objects.put(ref, body)
  return { version, ref, bytes: body.length }
}

/** At most so many at a time: what is left comes next time. */
const DROPPED_AT_ONCE = 100

/**
 * Deletes the snapshots that no entry names any more that is younger than `since`: those that had been superseded by then, and
 * those that were written by then and never named. One LIST, of the oldest.
 *
 * @param current what the newest commit names.
 */
export async function dropSuperseded(
  objects: ObjectStore,
  bucket: string,
  task: TaskRef,
  current: SnapshotPointer | undefined,
  since: number,
): Promise<number> {
  const old: { readonly key: string; readonly previous: string }[] = []
  for await (const { key } of objects.list(bucket, snapshotFolder(task))) {
    const name = snapshotNameOf(key)
    if (!name) continue // of earlier code
    if (name.at > since || old.length > DROPPED_AT_ONCE) break
    old.push({ key, previous: name.previous })
  }
  // Only what was named is referred to. The newest of these was in force at `since`, or still is; nothing needs those before it.
  const named = new Set(old.map(({ previous }) => previous))
  const isNamed = (key: string): boolean => key === current?.ref.key || named.has(snapshotId(key))
  const inForce = old.findLastIndex(({ key }) => isNamed(key))
  const dropped = old.slice(0, Math.max(0, inForce)).filter(({ key }) => key !== current?.ref.key)
  await Promise.all(dropped.map(({ key }) => objects.delete({ bucket, key })))
  return dropped.length
}

/**
 * The cells of a snapshot one after the other, without all of them in memory as objects.
 *
 * @throws UnreadableStateError as `readSnapshot`
 */
export async function openSnapshot(objects: ObjectStore, { ref }: SnapshotPointer): Promise<PackedState> {
  const where = `snapshot ${objectUrl(ref)}`
  const bytes = await objects.get(ref)
  if (!bytes) throw new UnreadableStateError(where, 'it is missing')
  const state = packedState(bodyOf(where, bytes, ref.key).packed)
  if (!state) throw new UnreadableStateError(where, 'it holds no state')
  return state
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
