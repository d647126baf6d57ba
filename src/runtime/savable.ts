// Which value it is that keeps a commit from being encoded: the encoding has failed, so this may take its time.

import { CyclicValueError, describeValue } from '../errors/operator-errors.ts'
import { DecodeError, UnsavableValueError } from '../errors/value-errors.ts'
import { pack } from '../log/codec.ts'
import type { BatchPartial, BucketCommit } from '../log/commit-record.ts'
import type { PreparedRecord, TaskLog } from '../log/task-log.ts'
import { stageOfEdge } from '../names/edges.ts'
import type { StateChanges } from '../programs/bucket-program.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { pairPath, refused } from '../values/unsavable.ts'
import { isValue, NoValue } from '../values/value.ts'
import { withdraw } from './outbox.ts'

/** Whether an error says that something is no value, or is a record inside a value that cannot be decoded. */
export function isUnsavable(error: unknown): boolean {
  return error instanceof UnsavableValueError || error instanceof CyclicValueError || error instanceof DecodeError
}

/** @throws UnsavableValueError that names the operator, key and path of the first thing that is no value. */
export function checkPartials(partials: readonly BatchPartial[]): void {
  for (const { shuffle } of partials) {
    for (const [edge, , items] of shuffle) {
      const operator = stageOfEdge(edge)
      for (const item of items) check(operator, item)
    }
  }
}

/** The same of changes of state. */
export function checkState(state: StateChanges): void {
  for (const [operator, changes] of state) for (const { cell, value } of changes) check(operator, [cell, value])
}

/** Encodes the commit of a bucket; when it cannot be, what is staged for it is thrown away. @throws UnsavableValueError as above, when a value in it is none */
export async function prepareSavable(
  log: TaskLog<BucketCommit>,
  record: BucketCommit,
  objects: ObjectStore,
  version: number,
): Promise<PreparedRecord<BucketCommit>> {
  try {
    return await log.prepare(record, version)
  } catch (error) {
    await withdraw(objects, record.outbox)
    checkPartials(record.partials)
    checkState(record.state)
    throw error
  }
}

/**
 * Every encoder would make something of an instance (`{}` of a URL), and none says so.
 *
 * @throws UnsavableValueError that names the output and the path in the element.
 */
export function checkValues(output: string, elements: readonly unknown[]): void {
  for (const element of elements) {
    if (isValue(element)) continue
    const error = refused(element, new NoValue())
    throw error instanceof UnsavableValueError ? error.with({ operator: output }) : error
  }
}

function check(operator: string, item: unknown): void {
  try {
    pack(item)
  } catch (cause) {
    if (!(cause instanceof UnsavableValueError)) throw cause
    const [key] = isPair(item) ? item : []
    const error = isPair(item) ? refused(item, new NoValue(), pairPath) : cause
    throw error instanceof UnsavableValueError
      ? error.with({ operator, key: key === undefined ? undefined : describeValue(key) })
      : error
  }
}

function isPair(item: unknown): item is readonly [unknown, unknown] {
  return Array.isArray(item) && item.length === 2
}
