// Elements of a stream of pairs, `[key, value]`: nodes forgot their types, and callers in plain JavaScript never had any.

import { describeValue, NotAPairError } from '../errors/operator-errors.ts'

export type Pair = readonly [key: unknown, value: unknown]

/** The element as a pair. @throws NotAPairError when it is none. */
export function pairOf(element: unknown): Pair {
  if (isPair(element)) return element
  throw new NotAPairError(describeValue(element))
}

function isPair(element: unknown): element is Pair {
  return Array.isArray(element) && element.length === 2
}
