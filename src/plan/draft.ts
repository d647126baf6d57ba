// What runs together in one place, while it is being put together: streams get slots, steps come after those that they read, and
// edges bring in what comes from elsewhere.

import { isBatchNode, kindOf, type OperatorNode, type StreamNode } from '../graph/nodes.ts'
import type { BatchStep, Edge } from './plan.ts'

/** What an operator does not decide of an edge to it. */
type EdgeParts = Pick<Edge, 'id' | 'from' | 'to' | 'node' | 'how' | 'numPartitions' | 'slide'>

/** The slots of one place. */
export class Slots {
  readonly #of = new Map<StreamNode, number>()
  #next = 0

  get count(): number {
    return this.#next
  }

  /** For elements that come from elsewhere. */
  take(): number {
    return this.#next++
  }

  /** For the elements of a stream that is made here. */
  add(node: StreamNode): number {
    const slot = this.take()
    this.#of.set(node, slot)
    return slot
  }

  /** @throws when the stream is not here: its elements would be taken for none. */
  of(node: StreamNode): number {
    const slot = this.#of.get(node)
    if (slot !== undefined) return slot
    throw new Error(`the elements of ${kindOf(node)} are read in a stage that does not have them`)
  }
}

/** Operators that run when a batch is closed, or a partition has passed it. */
export class BatchDraft {
  readonly slots = new Slots()
  readonly inputs: { readonly edge: Edge; readonly slot: number }[] = []
  readonly steps: BatchStep[] = []
  readonly #batch: number

  /** @param batch the job's interval, milliseconds */
  constructor(batch: number) {
    this.#batch = batch
  }

  /** A slot for what comes over an edge to an operator. */
  receive(reader: OperatorNode, parts: EdgeParts): { readonly edge: Edge; readonly slot: number } {
    const input = { edge: edgeTo(reader, parts), slot: this.slots.take() }
    this.inputs.push(input)
    return input
  }

  /** @param combined its input comes by an edge that has combined it already */
  step(node: OperatorNode, id: string, inputs: readonly number[], combined: boolean): number {
    const slot = this.slots.add(node)
    const [first] = node.inputs
    const every = first?.kind === 'operator' ? first.slide : this.#batch // inputs have equal slides
    this.steps.push({ node, id, inputs, slot, combined, every })
    return slot
  }
}

function edgeTo(reader: OperatorNode, parts: EdgeParts): Edge {
  if (!isBatchNode(reader) || parts.how === 'all') return { ...parts, combine: undefined, values: undefined }
  const { combine, takesWhatItKeeps, values } = reader.operator
  return { ...parts, combine, values: takesWhatItKeeps ? values : undefined }
}
