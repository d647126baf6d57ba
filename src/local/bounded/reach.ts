// How long records have something to say after their own batch. Windows over what is never empty, such as `count()`, go on for ever in the
// stream; a run over a range ends where the last record has left the last of them.

import type { JobDefinition } from '../../graph/job.ts'
import { inputsOf, type StreamNode } from '../../graph/nodes.ts'

/**
 * Milliseconds: along the longest way through the job the windows one after the other, each with its slide, as it waits for the next.
 * Infinite where that cannot be said beforehand: of timeouts of keys, and where functions are called after the commit, at their own pace.
 */
export function reachOf({ outputs }: Pick<JobDefinition, 'outputs'>): number {
  const known = new Map<StreamNode, number>()
  const of = (node: StreamNode): number => {
    const before = known.get(node)
    if (before !== undefined) return before
    const reach = Math.max(0, ...inputsOf(node).map(of)) + ownReach(node)
    known.set(node, reach)
    return reach
  }
  return Math.max(0, ...outputs.map(({ input }) => of(input)))
}

function ownReach(node: StreamNode): number {
  if (node.kind === 'source' || node.operator.runs === 'on records') return 0
  const { state, afterCommit } = node.operator
  if (afterCommit) return Number.POSITIVE_INFINITY
  if (state?.fixed) return state.fixed.window + state.fixed.slide
  return state?.alone ? Number.POSITIVE_INFINITY : 0
}
