// From a job's graph to its plan.

import { OperatorIds } from '../graph/ids.ts'
import type { JobDefinition } from '../graph/job.ts'
import { isBatchNode, kindOf, type OutputNode, type StreamNode } from '../graph/nodes.ts'
import { numberedOutputId } from '../names/outputs.ts'
import { SOURCE_STAGE } from '../names/tasks.ts'
import { checkNames } from './names.ts'
import type { Plan, PlannedOutput, ShuffleStage } from './plan.ts'
import { Planner } from './planner.ts'
import { programOf } from './topic-program.ts'

/**
 * Plans a job. Pure.
 *
 * @throws InvalidOptionError when its names are too long for the keys that they become.
 */
export function planJob(job: JobDefinition): Plan {
  const ids = new OperatorIds(job.name, job.outputs)
  const planner = new Planner(job, ids)
  const outputs = nameOutputs(job, ids).map((output): PlannedOutput => {
    const { stage, slide } = planner.place(output.node.input)
    return { ...output, stage, slide }
  })
  const drafts = planner.stages
  const edges = drafts.flatMap(({ inputs }) => inputs.map(({ edge }) => edge))
  const leaving = (stage: string) => ({
    outputs: outputs.filter((output) => output.stage === stage),
    edges: edges.filter(({ from }) => from === stage),
  })
  const stages = drafts.map(({ id, numPartitions, inputs, steps, slots }): ShuffleStage => {
    const { outputs: here, edges: out } = leaving(id)
    return {
      ...{ id, numPartitions, inputs, steps },
      outputs: here.map((output) => ({ output, slot: slots.of(output.node.input) })),
      edges: out.map((edge) => ({ edge, slot: slots.of(edge.node) })),
      slots: slots.count,
    }
  })
  const topics = [...new Set(job.sources.flatMap(({ source }) => source.feeds))]
  const programs = new Map(topics.map((topic) => [topic, programOf(topic, job, leaving(SOURCE_STAGE), ids)]))
  const plan: Plan = { job, outputs, stages, programs }
  checkNames(plan)
  return plan
}

/**
 * Ids of outputs: what their sinks are called, with a number where that is one word for all of them. Where it is one word for several, a
 * sink is told which it is.
 */
function nameOutputs({ name: job, outputs }: JobDefinition, ids: OperatorIds): { id: string; node: OutputNode }[] {
  const numbers = new Map<string, number>()
  const named = outputs.map((node) => {
    const { name } = node.sink
    if (typeof name === 'string') return { id: name, node, word: name }
    const number = numbers.get(name.numbered) ?? 0
    numbers.set(name.numbered, number + 1)
    return { id: numberedOutputId(name.numbered, number), node, word: name.numbered }
  })
  return named.map(({ id, node, word }) => {
    const several = (numbers.get(word) ?? 0) > 1
    const sink = several ? node.sink.among?.(`${job}, ${id}: ${streamName(node.input, ids)}`) : undefined
    return { id, node: sink ? { ...node, sink } : node }
  })
}

/** For people: `reduceByKey(lines).filter`. What is on records is told by its kind alone, so that no id is given to it. */
function streamName(node: StreamNode, ids: OperatorIds): string {
  if (isBatchNode(node)) return ids.idOf(node)
  if (node.kind !== 'operator') return node.source.feeds.join('+')
  return `${[...new Set(node.inputs.map((input) => streamName(input, ids)))].join('+')}.${kindOf(node)}`
}
