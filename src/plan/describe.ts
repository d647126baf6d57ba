// A plan as text, for people: stages, what runs in them, what travels between them.

import { isNarrow } from '../stream/nodes.ts'
import type { Edge, Plan, PlannedOutput } from './plan.ts'

export function describePlan({ job, programs, stages }: Plan): string {
  const lines = [`job ${job.name}, batches of ${job.settings.batch} ms by ${job.settings.time} time`, '']
  for (const { topic, steps, outputs, edges } of programs.values()) {
    lines.push(`topic ${topic}: one task per partition`)
    lines.push(...steps.map(({ node }) => `  ${node.kind}`), ...exits(outputs, edges), '')
  }
  for (const { id, numPartitions, inputs, steps, outputs, edges } of stages) {
    lines.push(`stage ${id}: ${numPartitions} ${numPartitions === 1 ? 'bucket' : 'buckets'}`)
    lines.push(...inputs.map(({ edge }) => `  from ${edge.from} ${travel(edge)}`))
    lines.push(
      ...steps.map((step) => (isNarrow(step.node) ? `  ${step.node.kind}` : `  ${step.node.kind}, id ${step.id}`)),
    )
    lines.push(...exits(outputs, edges), '')
  }
  return lines.join('\n')
}

function exits(
  outputs: readonly { readonly output: PlannedOutput }[],
  edges: readonly { readonly edge: Edge }[],
): string[] {
  return [
    ...outputs.map(({ output }) => `  → ${output.id}`),
    ...edges.map(({ edge }) => `  → stage ${edge.to} ${travel(edge)}`),
  ]
}

function travel({ how, combine }: Edge): string {
  const combined = combine ? ', combined first' : ''
  return how === 'key' ? `(by key${combined})` : how === 'one' ? `(all to one${combined})` : '(spread evenly)'
}
