// What a task of one topic runs: per micro-batch the operators on records; and, where Kafka has partitioned by key, operators by key
// and what follows them, when the partition has passed a batch time. What the second part reads of the first is carried until then.

import type { OperatorIds } from '../graph/ids.ts'
import type { JobDefinition } from '../graph/job.ts'
import { feedsOf, inputsOf, isBatchNode, madeBy, type OperatorNode, type StreamNode } from '../graph/nodes.ts'
import { isKeyed, topicInPlace } from '../graph/partitioning.ts'
import { edgeNameInPlace } from '../names/edges.ts'
import { IN_PLACE, SOURCE_STAGE } from '../names/tasks.ts'
import type { NewPartitions } from '../operators/operator.ts'
import type { Source } from '../sources/source.ts'
import { BatchDraft, Slots } from './draft.ts'
import type { Edge, PlannedOutput, Program, RecordStep, ShuffleStage } from './plan.ts'

/** What reads a task's streams. */
export interface Leaves {
  readonly outputs: readonly PlannedOutput[]
  readonly edges: readonly Edge[]
}

/** When a stream has its elements: with the micro-batch, or when the partition has passed the batch time. */
interface Slot {
  readonly when: 'now' | 'passed'
  readonly slot: number
}

interface Input extends Slot {
  readonly stream: StreamNode
}

export function programOf(topic: string, job: JobDefinition, leaves: Leaves, ids: OperatorIds): Program {
  const planner = new TopicPlanner(topic, job.settings.batch, ids)
  for (const source of job.sources) planner.place(source)
  const outputs = leaves.outputs.flatMap((output) => {
    const slot = planner.place(output.node.input)
    return slot ? [{ output, ...slot }] : []
  })
  const edges = leaves.edges.flatMap((edge) => {
    const slot = planner.place(edge.node)
    return slot ? [{ edge, ...slot }] : []
  })
  const of = <L extends Slot>(when: Slot['when'], all: readonly L[]) => all.filter((leaf) => leaf.when === when)
  const { now, passed, newPartitions } = planner
  const stage: ShuffleStage = {
    id: IN_PLACE,
    numPartitions: 1,
    inputs: passed.inputs,
    steps: passed.steps,
    outputs: of('passed', outputs),
    edges: of('passed', edges),
    slots: passed.slots.count,
  }
  return {
    topic,
    sources: now.sources,
    steps: now.steps,
    outputs: of('now', outputs),
    edges: [...of('now', edges), ...now.carried],
    slots: now.slots.count,
    notesInputs: job.settings.listeners !== undefined || isAskedFor(topic, job),
    inPlace: stage.steps.length > 0 ? { stage, newPartitions } : undefined,
  }
}

/** Whether an operator is told where the records of the topic stand. */
function isAskedFor(topic: string, { outputs }: JobDefinition): boolean {
  const nodes = new Set<StreamNode>(outputs.map(({ input }) => input))
  for (const node of nodes) for (const input of inputsOf(node)) nodes.add(input)
  return [...nodes].some((node) => isBatchNode(node) && node.operator.positions && feedsOf(node).has(topic))
}

class TopicPlanner {
  readonly now = {
    slots: new Slots(),
    sources: [] as { source: Source; slot: number }[],
    steps: [] as RecordStep[],
    carried: [] as { edge: Edge; slot: number }[],
  }
  readonly passed: BatchDraft
  /** The strictest of what the topic's streams say. */
  newPartitions: NewPartitions = 'join'
  readonly #topic: string
  readonly #batch: number
  readonly #ids: OperatorIds
  readonly #places = new Map<StreamNode, Slot | undefined>()

  constructor(topic: string, batch: number, ids: OperatorIds) {
    this.passed = new BatchDraft(batch)
    this.#topic = topic
    this.#batch = batch
    this.#ids = ids
  }

  /** The slot of a node, or undefined when nothing of this topic reaches it. Depth first, so inputs come before users. */
  place(node: StreamNode): Slot | undefined {
    if (this.#places.has(node)) return this.#places.get(node)
    const slot = this.#placeNew(node)
    this.#places.set(node, slot)
    return slot
  }

  #placeNew(node: StreamNode): Slot | undefined {
    if (node.kind !== 'operator') {
      if (!node.source.feeds.includes(this.#topic)) return undefined
      const slot = this.now.slots.take()
      this.now.sources.push({ source: node.source, slot })
      return { when: 'now', slot }
    }
    const inputs = node.inputs.flatMap((stream) => {
      const slot = this.place(stream)
      return slot ? [{ stream, ...slot }] : []
    })
    if (inputs.length === 0) return undefined
    if (isBatchNode(node)) return topicInPlace(node) === this.#topic ? this.#stepWhenPassed(node, inputs) : undefined
    const { operator } = node
    if (operator.partitioned) {
      if (operator.partitioned === 'fail') this.newPartitions = 'fail'
      return inputs[0]
    }
    if (inputs.some(({ when }) => when === 'passed')) return this.#stepWhenPassed(node, inputs)
    const slot = this.now.slots.take()
    this.now.steps.push({ node, operator, inputs: inputs.map((input) => input.slot), slot })
    return { when: 'now', slot }
  }

  #stepWhenPassed(node: OperatorNode, inputs: readonly Input[]): Slot {
    const id = this.#ids.idOf(node)
    const slots = inputs.map((input, i) => (input.when === 'passed' ? input.slot : this.#carry(node, id, input, i)))
    const combines = isBatchNode(node) && node.operator.combine !== undefined
    const slot = this.passed.step(node, id, slots, combines && inputs[0]?.when === 'now')
    return { when: 'passed', slot }
  }

  /** Each operator has its elements carried by an edge of its own: its id stays when others come and go. */
  #carry(node: OperatorNode, operator: string, { stream, slot: from }: Input, i: number): number {
    const how = isBatchNode(node) || isKeyed(stream) ? 'key' : 'spread' // keys are looked at where they set out
    const id = edgeNameInPlace(operator, i, madeBy(node))
    const parts = {
      id,
      from: SOURCE_STAGE,
      to: IN_PLACE,
      node: stream,
      how,
      slide: this.#batch,
      numPartitions: 1,
    } as const
    const { edge, slot } = this.passed.receive(node, parts)
    this.now.carried.push({ edge, slot: from })
    return slot
  }
}
