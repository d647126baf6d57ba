// Where operators run: one on batches starts a stage of its own, unless its input is already spread over the same buckets by the
// same keys, or Kafka's partitions are; what runs on records stays with its input.

import type { OperatorIds } from '../graph/ids.ts'
import type { JobDefinition } from '../graph/job.ts'
import { isBatchNode, isRecordNode, type OperatorNode, type StreamNode } from '../graph/nodes.ts'
import { topicInPlace } from '../graph/partitioning.ts'
import { edgeName } from '../names/edges.ts'
import { SOURCE_STAGE } from '../names/tasks.ts'
import type { BatchOperator } from '../operators/operator.ts'
import { BatchDraft } from './draft.ts'
import type { Edge } from './plan.ts'

/** Where a stream is, and over how many buckets it is spread by key, if it is. */
export interface Place {
  readonly stage: string
  readonly keyedBy: number | undefined
  readonly slide: number
}

export class StageDraft extends BatchDraft {
  readonly id: string
  readonly numPartitions: number

  constructor(id: string, numPartitions: number, batch: number) {
    super(batch)
    this.id = id
    this.numPartitions = numPartitions
  }
}

const HOW = { 'by key': 'key', 'all to one': 'one', evenly: 'spread', 'as it is': 'spread' } as const

export class Planner {
  readonly #job: JobDefinition
  readonly #ids: OperatorIds
  readonly #places = new Map<StreamNode, Place>()
  readonly #stages = new Map<string, StageDraft>()

  constructor(job: JobDefinition, ids: OperatorIds) {
    this.#job = job
    this.#ids = ids
  }

  /** In an order in which a stage comes after those that it reads. */
  get stages(): StageDraft[] {
    return [...this.#stages.values()]
  }

  /** Depth first, so that steps and stages come after those that they read. */
  place(node: StreamNode): Place {
    const known = this.#places.get(node)
    if (known) return known
    const place = this.#placeNew(node)
    this.#places.set(node, place)
    return place
  }

  #placeNew(node: StreamNode): Place {
    const { batch, numPartitions } = this.#job.settings
    const source: Place = { stage: SOURCE_STAGE, keyedBy: undefined, slide: batch }
    if (node.kind !== 'operator') return source
    const inputs = node.inputs.map((input) => this.place(input))
    const [first = source] = inputs
    const { slide } = node
    const together = inputs.every(({ stage }) => stage === first.stage)
    if (isRecordNode(node)) {
      if (together && first.stage === SOURCE_STAGE) return { ...source, slide }
      if (!together) return this.#newStage(node, 'spread', numPartitions, undefined)
      const kept = node.operator.keys === 'kept' && inputs.every((i) => i.keyedBy === first.keyedBy)
      this.#addStep(first.stage, node)
      return { stage: first.stage, keyedBy: kept ? first.keyedBy : undefined, slide }
    }
    if (topicInPlace(node) !== undefined) return { ...source, slide }
    const { operator } = node
    const alone = operator.everywhere !== undefined // what comes to every bucket has to travel
    const here = together && !alone && first.stage !== SOURCE_STAGE ? this.#stages.get(first.stage) : undefined
    const buckets = operator.spread === 'all to one' ? 1 : (node.numPartitions ?? numPartitions)
    if (here && this.#stays(operator, first, here, buckets)) {
      this.#addStep(first.stage, node)
      return { stage: first.stage, keyedBy: keyedAfter(operator, first.keyedBy, here.numPartitions), slide }
    }
    const keyedBy = operator.spread === 'by key' ? keyedAfter(operator, undefined, buckets) : undefined
    return this.#newStage(node, HOW[operator.spread], buckets, keyedBy)
  }

  /** Whether an operator's input is spread already as it wants it. */
  #stays(operator: BatchOperator, input: Place, here: StageDraft, buckets: number): boolean {
    switch (operator.spread) {
      case 'as it is':
        return true
      case 'evenly':
        return false
      case 'all to one':
        return here.numPartitions === 1 && !operator.afterCommit
      case 'by key':
        return input.keyedBy === buckets && !(operator.state?.whole && actsAlone(here))
    }
  }

  #newStage(node: OperatorNode, how: Edge['how'], numPartitions: number, keyedBy: number | undefined): Place {
    const id = this.#ids.idOf(node)
    const made = node.operator.runs === 'on batches' ? node.operator.makes : undefined
    const draft = new StageDraft(id, numPartitions, this.#job.settings.batch)
    this.#stages.set(id, draft)
    const everywhere = (isBatchNode(node) && node.operator.everywhere) || node.inputs.length
    const slots = node.inputs.map((input, i) => {
      const { stage: from, slide } = this.place(input)
      const to = i < everywhere ? how : 'all'
      return draft.receive(node, {
        id: edgeName(id, i, made),
        from,
        to: id,
        node: input,
        how: to,
        numPartitions,
        slide,
      }).slot
    })
    draft.step(
      node,
      id,
      slots,
      draft.inputs.some(({ edge }) => edge.combine !== undefined),
    )
    return { stage: id, keyedBy, slide: node.slide }
  }

  #addStep(stage: string, node: OperatorNode): void {
    const draft = this.#stages.get(stage)
    if (!draft) throw new Error(`no stage ${stage}`)
    const inputs = node.inputs.map((input) => draft.slots.of(input))
    draft.step(node, this.#ids.idOf(node), inputs, false)
  }
}

/**
 * Whether a bucket of the stage may run at times at which the others do not, because of a window that is not empty or a
 * timeout. An operator that emits all that it keeps gets a stage of its own after such operators, all of whose buckets
 * run whenever one bucket before them did.
 */
function actsAlone({ steps }: StageDraft): boolean {
  return steps.some(({ node: { operator } }) => operator.runs === 'on batches' && operator.state?.alone)
}

/** Over how many buckets what an operator makes is spread by key. */
function keyedAfter({ keys }: BatchOperator, before: number | undefined, buckets: number): number | undefined {
  return keys === 'kept' ? before : keys === 'made' ? buckets : undefined
}
