// Which value it is that keeps a commit from being encoded: the encoding has failed, so this may take its time.

import { DecodeError } from '../formats/decode.ts'
import type { StateChanges } from '../operators/bucket-program.ts'
import { CyclicValueError, describeValue } from '../operators/operator-errors.ts'
import { pack } from '../state/codec.ts'
import type { BatchPartial } from '../state/commit-record.ts'
import { pairPath, refused, UnsavableValueError } from '../state/unsavable.ts'
import { isValue, NoValue } from '../state/value.ts'

/** Whether an error says that something is no value, or is a record inside a value that cannot be decoded. */
export function isUnsavable(error: unknown): boolean {
  return error instanceof UnsavableValueError || error instanceof CyclicValueError || error instanceof DecodeError
}

/** @throws UnsavableValueError that names the operator, key and path of the first thing that is no value. */
export function checkPartials(partials: readonly BatchPartial[]): void {
  for (const { shuffle } of partials) {
    for (const [edge, , items] of shuffle) {
      const operator = edge.slice(0, edge.lastIndexOf('/'))
      for (const item of items) check(operator, item)
    }
  }
}

/** The same of changes of state. */
export function checkState(state: StateChanges): void {
  for (const [operator, changes] of state) for (const { cell, value } of changes) check(operator, [cell, value])
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
