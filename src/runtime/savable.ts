// Which value it is that keeps a commit from being encoded: the encoding has failed, so this may take its time.

import { CyclicValueError, describeValue } from '../errors/operator-errors.ts'
import { DecodeError, UnsavableValueError } from '../errors/value-errors.ts'
import { pack } from '../log/codec.ts'
import type { BatchPartial, BucketCommit } from '../log/commit-record.ts'
import { stageOfEdge } from '../names/edges.ts'
import type { StateChanges } from '../programs/bucket-program.ts'
import { pairPath, refused } from '../values/unsavable.ts'
import { isValue, NoValue } from '../values/value.ts'

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

/** Says which value it is that keeps the commit of a bucket from being encoded. @throws UnsavableValueError as above; else the error itself */
export function blame({ partials, state }: BucketCommit, error: unknown): never {
  checkPartials(partials)
  checkState(state)
  throw error
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
