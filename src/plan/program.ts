// What a task of one topic runs: per micro-batch the narrow operators; and, where Kafka has partitioned by key, operators by key
// and what follows them, when the partition has passed a batch time. What the second part reads of the first is carried until then.

import type { OperatorIds } from '../graph/ids.ts'
import type { JobDefinition } from '../graph/job.ts'
import { inputsOf, isNarrow, type NarrowNode, type NewPartitions, type StreamNode } from '../graph/nodes.ts'
import { isKeyed, topicInPlace } from '../graph/partitioning.ts'
import type { WideNode } from '../graph/wide-nodes.ts'
import { edgeNameInPlace } from '../names/edges.ts'
import { IN_PLACE, SOURCE_STAGE } from '../names/tasks.ts'
import type { Source } from '../sources/source.ts'
import type { BucketStep, Edge, PlannedOutput, Program, ShuffleStage, Step } from './plan.ts'
import { versionOnTheWay } from './stages.ts'

/** What reads a task's streams. */
interface Leaves {
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
  const compiler = new Compiler(topic, job.settings.batch, ids)
  for (const source of job.sources) compiler.place(source)
  const outputs = leaves.outputs.flatMap((output) => {
    const slot = compiler.place(output.node.input)
    return slot ? [{ output, ...slot }] : []
  })
  const edges = leaves.edges.flatMap((edge) => {
    const slot = compiler.place(edge.node)
    return slot ? [{ edge, ...slot }] : []
  })
  const of = <L extends Slot>(when: Slot['when'], all: readonly L[]) => all.filter((leaf) => leaf.when === when)
  const stage: ShuffleStage = {
    id: IN_PLACE,
    numPartitions: 1,
    inputs: compiler.carried.map(({ edge, to }) => ({ edge, slot: to })),
    steps: compiler.passedSteps,
    outputs: of('passed', outputs),
    edges: of('passed', edges),
    slots: compiler.slots.passed,
  }
  return {
    topic,
    sources: compiler.sources,
    steps: compiler.steps,
    outputs: of('now', outputs),
    edges: [...of('now', edges), ...compiler.carried.map(({ edge, from }) => ({ edge, slot: from }))],
    slots: compiler.slots.now,
    inPlace: stage.steps.length > 0 ? { stage, newPartitions: compiler.newPartitions } : undefined,
  }
}

class Compiler {
  readonly sources: { source: Source; slot: number }[] = []
  readonly steps: Step[] = []
  readonly passedSteps: BucketStep[] = []
  readonly carried: { edge: Edge; from: number; to: number }[] = []
  readonly slots = { now: 0, passed: 0 }
  /** The strictest of what the topic's streams say. */
  newPartitions: NewPartitions = 'join'
  readonly #topic: string
  readonly #batch: number
  readonly #ids: OperatorIds
  readonly #places = new Map<StreamNode, Slot | undefined>()

  constructor(topic: string, batch: number, ids: OperatorIds) {
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
    if (node.kind === 'source') {
      if (!node.source.feeds.includes(this.#topic)) return undefined
      const slot = this.slots.now++
      this.sources.push({ source: node.source, slot })
      return { when: 'now', slot }
    }
    const inputs = inputsOf(node).flatMap((stream) => {
      const slot = this.place(stream)
      return slot ? [{ stream, ...slot }] : []
    })
    if (inputs.length === 0) return undefined
    if (node.kind === 'preservesPartitioning') {
      if (node.newPartitions === 'fail') this.newPartitions = 'fail'
      return inputs[0]
    }
    if (!isNarrow(node)) return topicInPlace(node) === this.#topic ? this.#stepWhenPassed(node, inputs) : undefined
    if (inputs.some(({ when }) => when === 'passed')) return this.#stepWhenPassed(node, inputs)
    const slot = this.slots.now++
    this.steps.push({ node, inputs: inputs.map((input) => input.slot), slot })
    return { when: 'now', slot }
  }

  #stepWhenPassed(node: NarrowNode | WideNode, inputs: readonly Input[]): Slot {
    const id = this.#ids.idOf(node)
    const combine = node.kind === 'combineByKey' ? node : undefined
    const slots = inputs.map(({ when, slot: from, stream }, i) => {
      if (when === 'passed') return from
      const keyed = !isNarrow(node) || isKeyed(stream) // keys are looked at where they set out
      const how = keyed ? ('key' as const) : ('spread' as const)
      // Each operator has its elements carried by an edge of its own: its id stays when others come and go.
      const name = edgeNameInPlace(id, i, combine?.makes)
      const named = { id: name, from: SOURCE_STAGE, to: IN_PLACE, node: stream, slide: this.#batch }
      const to = this.slots.passed++
      this.carried.push({ edge: { ...named, how, combine, values: versionOnTheWay(node), numPartitions: 1 }, from, to })
      return to
    })
    const combined = combine !== undefined && inputs[0]?.when === 'now'
    const slot = this.slots.passed++
    this.passedSteps.push({ id, node, inputs: slots, slot, combined })
    return { when: 'passed', slot }
  }
}
