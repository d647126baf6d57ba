// What a reference has to go by: everything that every operator has had until now.

import type { Element, Pair } from './functions.ts'
import { BATCH } from './job-ast.ts'

/** What has been until now. */
export interface History {
  /** The batches of a node in (after, upTo], with their times. */
  batches(node: number, after: number, upTo: number): readonly (readonly [time: number, elements: readonly Element[]])[]
  recordsOf(topics: readonly string[], time: number): readonly { readonly value: string }[]
  /** What every `mapWithState` holds after the batches that it has run. */
  readonly states: Map<number, ReadonlyMap<string, Held>>
}

/** The state of a key in `mapWithState`. */
export interface Held {
  readonly state: number
  /** The batch of its last record, or of its initial state. */
  readonly usedAt: number
}

/** The batch of a node at a time, empty where it has none. */
export function batch(at: History, node: number, time: number): readonly Element[] {
  return at.batches(node, time - 1, time).flatMap(([, elements]) => elements)
}

/** The elements of the batches in (T - W, T]. */
export function inWindow(at: History, { input, length }: { input: number; length: number }, time: number): Element[] {
  return at.batches(input, time - length * BATCH, time).flatMap(([, elements]) => elements)
}

export const pairs = (elements: readonly Element[]): Pair[] => elements.filter((e): e is Pair => typeof e === 'object')
