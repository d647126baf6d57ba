// Where operators run: a wide operator starts a stage of its own, unless its input is already spread over the same
// buckets by the same keys, or Kafka's partitions are; everything narrow stays with its input.

import type { OperatorIds } from '../graph/ids.ts'
import type { JobDefinition } from '../graph/job.ts'
import { inputsOf, isNarrow, type NarrowNode, type OutputNode, type StreamNode, valuesOf } from '../graph/nodes.ts'
import { keepsKeys, topicInPlace } from '../graph/partitioning.ts'
import type { WideNode } from '../graph/wide-nodes.ts'
import { edgeName } from '../names/edges.ts'
import { SOURCE_STAGE } from '../names/tasks.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { BucketStep, Edge, PlannedOutput, ShuffleStage } from './plan.ts'

/** Where a stream is, and over how many buckets it is spread by key, if it is. */
interface Place {
  readonly stage: string
  readonly keyedBy: number | undefined
  readonly slide: number
}

interface Draft {
  readonly id: string
  readonly numPartitions: number
  readonly inputs: { edge: Edge; slot: number }[]
  readonly steps: BucketStep[]
  readonly slots: Map<StreamNode, number>
  next: number
}

export function placeStages(
  job: JobDefinition,
  named: readonly { id: string; node: OutputNode }[],
  ids: OperatorIds,
): { stages: ShuffleStage[]; outputs: PlannedOutput[]; edges: Edge[] } {
  const planner = new Planner(job, ids)
  const outputs = named.map((output) => {
    const { stage, slide } = planner.place(output.node.input)
    return { ...output, stage, slide }
  })
  const drafts = planner.drafts
  const edges = drafts.flatMap(({ inputs }) => inputs.map(({ edge }) => edge))
  const stages = drafts.map(({ id, numPartitions, inputs, steps, slots, next }) => ({
    id,
    numPartitions,
    inputs,
    steps,
    outputs: outputs
      .filter(({ stage }) => stage === id)
      .map((output) => ({ output, slot: slotOf(slots, output.node.input) })),
    edges: edges.filter(({ from }) => from === id).map((edge) => ({ edge, slot: slotOf(slots, edge.node) })),
    slots: next,
  }))
  return { stages, outputs, edges }
}

class Planner {
  readonly #job: JobDefinition
  readonly #places = new Map<StreamNode, Place>()
  readonly #drafts = new Map<string, Draft>()
  readonly #ids: OperatorIds

  constructor(job: JobDefinition, ids: OperatorIds) {
    this.#job = job
    this.#ids = ids
  }

  get drafts(): Draft[] {
    return [...this.#drafts.values()]
  }

  /** Depth first, so that stages come after those that they read. */
  place(node: StreamNode): Place {
    const known = this.#places.get(node)
    if (known) return known
    const place = this.#placeNew(node)
    this.#places.set(node, place)
    return place
  }

  #placeNew(node: StreamNode): Place {
    const { batch } = this.#job.settings
    if (node.kind === 'source') return { stage: SOURCE_STAGE, keyedBy: undefined, slide: batch }
    const inputs = inputsOf(node).map((input) => this.place(input))
    const [first = { stage: SOURCE_STAGE, keyedBy: undefined, slide: batch }] = inputs
    const slide = 'slide' in node ? node.slide : first.slide
    const together = inputs.every(({ stage }) => stage === first.stage)
    if (isNarrow(node)) {
      if (together && first.stage === SOURCE_STAGE) return { stage: SOURCE_STAGE, keyedBy: undefined, slide }
      if (!together) return this.#newStage(node, 'spread', this.#job.settings.numPartitions, slide)
      const keyedBy = keepsKeys(node) && inputs.every((i) => i.keyedBy === first.keyedBy) ? first.keyedBy : undefined
      this.#addStep(first.stage, node, false)
      return { stage: first.stage, keyedBy, slide }
    }
    if (topicInPlace(node) !== undefined) return { stage: SOURCE_STAGE, keyedBy: undefined, slide }
    const { how, buckets, stays } = this.#needs(node, first, together)
    if (!stays) return this.#newStage(node, how, buckets, slide)
    this.#addStep(first.stage, node, false)
    return { stage: first.stage, keyedBy: keyedAfter(node, first, buckets), slide }
  }

  /** How a wide operator wants its input spread, and whether it is already. */
  #needs(node: WideNode, input: Place, together: boolean) {
    const inBuckets = together && input.stage !== SOURCE_STAGE
    const here = this.#drafts.get(input.stage)?.numPartitions
    const asked = 'numPartitions' in node ? node.numPartitions : undefined
    switch (node.kind) {
      case 'stateSnapshots':
        return { how: 'key', buckets: here ?? 1, stays: true } as const
      case 'fold':
        return { how: 'one', buckets: 1, stays: inBuckets && here === 1 } as const
      case 'window':
        return { how: 'spread', buckets: asked ?? this.#job.settings.numPartitions, stays: inBuckets } as const
      case 'repartition':
        return { how: 'spread', buckets: asked ?? this.#job.settings.numPartitions, stays: false } as const
      default: {
        const buckets = asked ?? this.#job.settings.numPartitions
        const alike = inBuckets && input.keyedBy === buckets
        return {
          how: 'key',
          buckets,
          stays: alike && (node.kind !== 'updateStateByKey' || !this.#actsAlone(input.stage)),
        } as const
      }
    }
  }

  /**
   * Whether a bucket of the stage may run at times at which the others do not, because of a window that is not empty or a
   * timeout. `updateStateByKey` emits the whole state: after such operators it gets a stage of its own, all of whose buckets
   * run whenever one bucket before them did.
   */
  #actsAlone(stage: string): boolean {
    const steps = this.#drafts.get(stage)?.steps ?? []
    return steps.some(({ node }) => 'window' in node || ('timeout' in node && node.timeout !== undefined))
  }

  #newStage(node: NarrowNode | WideNode, how: Edge['how'], numPartitions: number, slide: number): Place {
    const id = this.#ids.idOf(node)
    const combine = node.kind === 'combineByKey' || node.kind === 'fold' ? node : undefined
    const draft: Draft = { id, numPartitions, inputs: [], steps: [], slots: new Map(), next: 0 }
    this.#drafts.set(id, draft)
    const slots = inputsOf(node).map((input, i) => {
      const { stage: from, slide: inputSlide } = this.place(input)
      const slot = draft.next++
      const named = { id: edgeName(id, i, combine?.makes), from, to: id, node: input, slide: inputSlide }
      const edge = { ...named, how, combine, values: versionOnTheWay(node), numPartitions }
      draft.inputs.push({ edge, slot })
      return slot
    })
    draft.steps.push({ id, node, inputs: slots, slot: draft.next, combined: combine !== undefined })
    draft.slots.set(node, draft.next++)
    const keyedBy = how === 'key' && !isNarrow(node) ? keyedAfter(node, undefined, numPartitions) : undefined
    return { stage: id, keyedBy, slide }
  }

  #addStep(stage: string, node: NarrowNode | WideNode, combined: boolean): void {
    const draft = this.#drafts.get(stage)
    if (!draft) throw new Error(`no stage ${stage}`)
    const inputs = inputsOf(node).map((input) => slotOf(draft.slots, input))
    draft.steps.push({ id: this.#ids.idOf(node), node, inputs, slot: draft.next, combined })
    draft.slots.set(node, draft.next++)
  }
}

/** @throws when the stage has no such stream: its elements would be taken for none. */
function slotOf(slots: ReadonlyMap<StreamNode, number>, node: StreamNode): number {
  const slot = slots.get(node)
  if (slot !== undefined) return slot
  throw new Error(`the elements of ${node.kind} are read in a stage that does not have them`)
}

const TAKES_WHAT_IT_KEEPS: Readonly<Record<WideNode['kind'], boolean>> = {
  combineByKey: true,
  fold: true,
  window: true,
  inverseWindow: true,
  cogroup: false,
  repartition: false,
  updateStateByKey: false,
  mapWithState: false,
  stateSnapshots: false,
}

/** Of operators whose input, or what it is combined to, is of the type that they keep: the version of its values. */
export function versionOnTheWay(node: NarrowNode | WideNode): ValueVersion | undefined {
  return !isNarrow(node) && TAKES_WHAT_IT_KEEPS[node.kind] ? valuesOf(node) : undefined
}

function keyedAfter(node: WideNode, input: Place | undefined, buckets: number): number | undefined {
  if (node.kind === 'window') return input?.keyedBy
  return node.kind === 'mapWithState' || node.kind === 'fold' || node.kind === 'repartition' ? undefined : buckets
}
