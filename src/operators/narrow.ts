// How narrow operators run: whole arrays in, whole arrays out, one batch time at a time. No promise unless the operator
// is asynchronous itself: an await per operator and micro-batch would be cheap, one per record would not (DESIGN §9).

import type { MapAsyncNode, NarrowNode } from '../graph/nodes.ts'
import type { Trace } from '../programs/lineage.ts'
import { synchronous } from './synchronous.ts'
import { judged, ofCall } from './transient.ts'

/**
 * Applies one operator to the elements of its inputs. Only `mapAsync` returns a promise.
 *
 * @param trace takes note of where elements come from
 */
export function applyNarrow(
  node: NarrowNode,
  inputs: readonly (readonly unknown[])[],
  trace?: Trace,
): unknown[] | Promise<unknown[]> {
  const elements = inputs.length === 1 ? (inputs[0] ?? []) : inputs.flat()
  switch (node.kind) {
    case 'map':
      return elements.map((element) => synchronous(node.kind, node.apply(element)))
    case 'filter':
      return filter(elements, (element) => synchronous(node.kind, node.apply(element)), trace)
    case 'flatMap':
      return flatMap(elements, (element) => synchronous(node.kind, node.apply(element)), trace)
    case 'mapPartitions':
      return ofAll(Array.from(synchronous(node.kind, node.apply(elements))), trace)
    case 'mapAsync':
      return mapAsync(elements, node)
    case 'union':
    case 'preservesPartitioning':
      return elements.slice()
  }
}

function filter(elements: readonly unknown[], f: (element: unknown) => boolean, trace?: Trace): unknown[] {
  if (!trace) return elements.filter(f)
  trace.none()
  return elements.filter((element, i) => {
    const keep = f(element)
    if (keep) trace.add(i)
    return keep
  })
}

function flatMap(elements: readonly unknown[], f: (element: unknown) => Iterable<unknown>, trace?: Trace): unknown[] {
  trace?.none()
  const out: unknown[] = []
  for (const [i, element] of elements.entries()) {
    for (const result of f(element)) {
      out.push(result)
      trace?.add(i)
    }
  }
  return out
}

function ofAll(elements: unknown[], trace: Trace | undefined): unknown[] {
  trace?.ofAll(elements.length)
  return elements
}

/**
 * `concurrency` workers take the next element each; results keep the order of the elements. After a failure no call is
 * begun, and those under way are waited for: records will be tried again, and two tries must not run side by side.
 */
async function mapAsync(elements: readonly unknown[], node: MapAsyncNode): Promise<unknown[]> {
  const out = new Array<unknown>(elements.length)
  let next = 0
  async function work(): Promise<void> {
    while (next < elements.length) {
      const index = next++
      try {
        out[index] = await node.apply(elements[index])
      } catch (error) {
        next = elements.length
        throw ofCall(judged(error, node.transient))
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: Math.min(node.concurrency, elements.length) }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
  return out
}
