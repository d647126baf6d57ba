// A plan as text, for people: stages, what runs in them, what travels between them.

import { IN_PLACE } from '../names/tasks.ts'
import type { BatchStep, Edge, Plan, PlannedOutput } from './plan.ts'

export function describePlan({ job, programs, stages }: Plan): string {
  const lines = [`job ${job.name}, batches of ${job.settings.batch} ms by ${job.settings.time} time`, '']
  for (const { topic, steps, outputs, edges, inPlace } of programs.values()) {
    lines.push(`topic ${topic}: one task per partition`)
    lines.push(...steps.map(({ operator }) => `  ${operator.kind}`), ...exits(outputs, edges))
    if (inPlace) {
      const { stage } = inPlace
      lines.push('  in place, when the partition has passed T:')
      lines.push(...[...operators(stage.steps), ...exits(stage.outputs, stage.edges)].map((line) => `  ${line}`))
    }
    lines.push('')
  }
  for (const { id, numPartitions, inputs, steps, outputs, edges } of stages) {
    lines.push(`stage ${id}: ${numPartitions} ${numPartitions === 1 ? 'bucket' : 'buckets'}`)
    lines.push(...inputs.map(({ edge }) => `  from ${edge.from} ${travel(edge)}`))
    lines.push(...operators(steps))
    lines.push(...exits(outputs, edges), '')
  }
  return lines.join('\n')
}

function operators(steps: readonly BatchStep[]): string[] {
  return steps.map(({ node, id }) =>
    node.operator.runs === 'on records' ? `  ${node.operator.kind}` : `  ${node.operator.kind}, id ${id}`,
  )
}

function exits(
  outputs: readonly { readonly output: PlannedOutput }[],
  edges: readonly { readonly edge: Edge }[],
): string[] {
  const lines = [
    ...outputs.map(
      ({ output: { id, node } }) => `  → ${id}${node.sink.note === undefined ? '' : ` (${node.sink.note})`}`,
    ),
    ...edges.map(({ edge }) => (edge.to === IN_PLACE ? `  → ${IN_PLACE}` : `  → stage ${edge.to} ${travel(edge)}`)),
  ]
  return [...new Set(lines)] // operators in place read by an edge each
}

function travel({ how, combine }: Edge): string {
  const combined = combine ? ', combined first' : ''
  return how === 'key'
    ? `(by key${combined})`
    : how === 'one'
      ? `(all to one${combined})`
      : how === 'all'
        ? '(all to each)'
        : '(spread evenly)'
}
