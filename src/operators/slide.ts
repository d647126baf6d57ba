// At which times a stream has a batch. A stream whose slide is S has one where T is a multiple of S, be it empty; between them
// it has none, which operators after it must not take for an empty one (Spark: `DStream.isTimeValid`).

import { inputsOf, type StreamNode } from '../graph/nodes.ts'

/** Milliseconds between the batches of a node's stream; 1, which every time is a multiple of, for the job's own batches. */
export function slideOf(node: StreamNode): number {
  if (node.kind === 'window' || node.kind === 'inverseWindow') return node.slide
  // Inputs have equal slides, which the definition makes sure of.
  const [first] = inputsOf(node)
  return first === undefined ? 1 : slideOf(first)
}

/** Whether a stream of this slide has a batch at this time. */
export function hasBatch(time: number, slide: number): boolean {
  return time % slide === 0
}

/** The first time after `time` at which a stream of this slide has a batch. */
export function nextBatch(time: number, slide: number): number {
  return (Math.floor(time / slide) + 1) * slide
}
