// What leaves a stage: the elements of each edge, combined on this side and divided among the buckets of the next stage.

import { InvalidKeyError, NotAPairError } from '../errors/operator-errors.ts'
import { UnsavableValueError } from '../errors/value-errors.ts'
import { stageOfEdge } from '../names/edges.ts'
import type { Edge } from '../plan/plan.ts'
import { bucketOf } from '../values/hash.ts'
import { pairOf } from '../values/pairs.ts'
import type { Leaving, Spread } from './lineage.ts'
import type { Slots } from './program.ts'

/**
 * Per edge and bucket that gets something, the items, in order. What every bucket gets stands once, as if it were the first one's.
 *
 * @param leaving what leaves from a slot, and how it is spread evenly; else its elements, one after the other, which depends on the
 * records alone where they are all that a task has for a batch
 */
export function exchange(
  edges: readonly { readonly edge: Edge; readonly slot: number }[],
  slots: Slots,
  leaving: (slot: number) => Leaving | undefined = () => undefined,
): [edge: string, bucket: number, items: unknown[], version?: number][] {
  return edges.flatMap(({ edge, slot }) => {
    if (!slots[slot] || slots[slot].length === 0) return []
    const { elements, spread } = leaving(slot) ?? { elements: slots[slot], spread: undefined }
    const version: [version?: number] = edge.values ? [edge.values.version] : []
    return [...dividedFor(edge, elements, spread)].map(([bucket, items]): [string, number, unknown[], number?] => [
      edge.id,
      bucket,
      items,
      ...version,
    ])
  })
}

/** @throws InvalidKeyError, NotAPairError, UnsavableValueError, with the name of the operator that the elements are for. */
function dividedFor(edge: Edge, elements: readonly unknown[], spread: Spread | undefined): Map<number, unknown[]> {
  try {
    return divide(edge, elements, spread)
  } catch (error) {
    const operator = stageOfEdge(edge.id)
    if (error instanceof UnsavableValueError) throw error.with({ operator })
    throw error instanceof InvalidKeyError || error instanceof NotAPairError ? error.forOperator(operator) : error
  }
}

function divide(edge: Edge, elements: readonly unknown[], spread: Spread | undefined): Map<number, unknown[]> {
  const buckets = new Map<number, unknown[]>()
  const add = (bucket: number, item: unknown): void => {
    const items = buckets.get(bucket)
    if (items) items.push(item)
    else buckets.set(bucket, [item])
  }
  const { how, numPartitions } = edge
  const items = edge.combine?.(elements) ?? elements
  if (how === 'one' || how === 'all') {
    for (const item of items) add(0, item)
  } else if (how === 'key') {
    for (const pair of items) add(bucketOf(pairOf(pair)[0], numPartitions), pair)
  } else {
    const places = numPartitions > 1 ? spread?.(numPartitions) : undefined
    for (const [i, element] of items.entries()) add(places?.[i] ?? i % numPartitions, element)
  }
  return buckets
}
