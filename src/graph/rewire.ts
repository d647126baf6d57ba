// The same graph with other sources or sinks in it: what reads a job over a bounded range knows more of its sources than the job says.

import type { JobDefinition } from './job.ts'
import type { OutputNode, SourceNode, StreamNode } from './nodes.ts'

export interface Changes {
  readonly source?: (source: SourceNode['source']) => SourceNode['source']
  readonly sink?: (sink: OutputNode['sink']) => OutputNode['sink']
}

/** Nodes that are one stay one, so ids and plan are those of the job as it is. */
export function rewired<J extends Pick<JobDefinition, 'sources' | 'outputs'>>(
  job: J,
  { source = (one) => one, sink = (one) => one }: Changes,
): J {
  const made = new Map<StreamNode, StreamNode>()
  const sources = new Map<SourceNode, SourceNode>()
  const ofSource = (node: SourceNode): SourceNode => {
    const known = sources.get(node)
    if (known) return known
    const changed = { ...node, source: source(node.source) }
    sources.set(node, changed)
    return changed
  }
  const of = (node: StreamNode): StreamNode => {
    if (node.kind === 'source') return ofSource(node)
    const known = made.get(node)
    if (known) return known
    const changed = { ...node, inputs: node.inputs.map(of) }
    made.set(node, changed)
    return changed
  }
  const outputs = job.outputs.map((output) => ({ ...output, input: of(output.input), sink: sink(output.sink) }))
  return { ...job, sources: job.sources.map(ofSource), outputs }
}
