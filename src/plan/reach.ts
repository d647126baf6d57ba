// How long records have something to say after their own batch. Windows over what is never empty, such as `count()`, go on for ever in the
// stream; a run over a range, and a job that is drained, end where the last record has left the last of them.

import type { JobDefinition } from '../graph/job.ts'
import { inputsOf, type StreamNode } from '../graph/nodes.ts'

type Outputs = Pick<JobDefinition, 'outputs'>

/**
 * Milliseconds: along the longest way through the job the windows one after the other, each with its slide, as it waits for the next.
 * Infinite where that cannot be said beforehand: of timeouts of keys, and where functions are called after the commit, at their own pace.
 */
export function reachOf(job: Outputs): number {
  return longestWay(job, Number.POSITIVE_INFINITY)
}

/** The same of windows alone: timeouts of keys are not waited for. */
export function windowsOf(job: Outputs): number {
  return longestWay(job, 0)
}

/** @param unknown how long what cannot be said beforehand takes */
function longestWay({ outputs }: Outputs, unknown: number): number {
  const known = new Map<StreamNode, number>()
  const of = (node: StreamNode): number => {
    const before = known.get(node)
    if (before !== undefined) return before
    const reach = Math.max(0, ...inputsOf(node).map(of)) + ownReach(node, unknown)
    known.set(node, reach)
    return reach
  }
  return Math.max(0, ...outputs.map(({ input }) => of(input)))
}

function ownReach(node: StreamNode, unknown: number): number {
  if (node.kind === 'source' || node.operator.runs === 'on records') return 0
  const { state, afterCommit } = node.operator
  if (afterCommit) return unknown
  if (state?.fixed) return state.fixed.window + state.fixed.slide
  return state?.alone ? unknown : 0
}
