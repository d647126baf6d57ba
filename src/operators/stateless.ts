// Operators that know nothing but the batch in front of them, and the one that keeps no state and changes nothing at all.

import { describeValue, UnknownCellError } from '../errors/operator-errors.ts'
import type { StreamNode } from '../graph/nodes.ts'
import type { RepartitionNode } from '../graph/wide-nodes.ts'
import type { BucketOperator, Elements } from './bucket-operator.ts'
import { hasBatch, slideOf } from './slide.ts'

/** An operator without state; it has a batch, if only an empty one, at every multiple of its slide. */
export function stateless(
  node: StreamNode,
  compute: (inputs: readonly (Elements | undefined)[]) => Elements,
): BucketOperator {
  const slide = slideOf(node)
  return {
    run: (time, inputs) => (hasBatch(time, slide) ? compute(inputs) : undefined),
    due: () => undefined,
    takeChanges: () => [],
    cells: () => [],
    restore: ({ cell }) => {
      throw new UnknownCellError(node.kind, describeCell(cell))
    },
  }
}

/** `repartition`: the shuffle has done the work. */
export function repartition(node: RepartitionNode): BucketOperator {
  return stateless(node, ([elements = []]) => elements)
}

/** A cell in words, for `UnknownCellError`. */
export function describeCell(cell: unknown): string {
  return Array.isArray(cell) ? `[${cell.map(describeValue).join(', ')}]` : describeValue(cell)
}
