// The names of edges, as commits have them, and of the places where elements set out. Edges are called for the operator that they
// lead to, those within a task begin with words that no operator may be called; a place begins with a word for its kind.

import { IN_PLACE } from './tasks.ts'

/**
 * Of the edge to an input of the operator after which a stage is called. What other elements are made into there has another name:
 * an operator that makes something else under the same id must not take them for its own.
 */
export function edgeName(stage: string, input: number, made?: string): string {
  return made === undefined ? `${stage}/${input}` : `${stage}/${input} ${made}`
}

/** Of an edge within a source task, to an operator in place. */
export function edgeNameInPlace(operator: string, input: number, made?: string): string {
  return `${IN_PLACE} ${edgeName(operator, input, made)}`
}

/** Whether an edge carries elements within a source task: they are in its own log until the partition has passed their batch. */
export function isInPlace(edge: string): boolean {
  return edge.startsWith(`${IN_PLACE} `)
}

/** The operator that an edge leads to. */
export function operatorOf(edge: string): string {
  const target = stageOfEdge(edge)
  return isInPlace(edge) ? target.slice(IN_PLACE.length + 1) : target
}

/** The stage that an edge leads to, which is called after that operator. */
export function stageOfEdge(edge: string): string {
  const end = edge.lastIndexOf('/')
  if (end < 0) throw new Error(`'${edge}' is no edge`)
  return edge.slice(0, end)
}

/** Where elements set out: the tasks of a topic, what runs in them when they have passed a batch, or the buckets of a stage. */
export type Place = `topic ${string}` | `passed ${string}` | `stage ${string}`

export function topicPlace(topic: string): Place {
  return `topic ${topic}`
}

export function passedPlace(topic: string): Place {
  return `passed ${topic}`
}

export function stagePlace(stage: string): Place {
  return `stage ${stage}`
}

/** The place of that name; undefined when it is none. */
export function placeOf(text: string): Place | undefined {
  const [, kind, of = ''] = /^(topic|passed|stage) (.*)$/s.exec(text) ?? []
  if (kind === 'topic') return topicPlace(of)
  if (kind === 'passed') return passedPlace(of)
  return kind === 'stage' ? stagePlace(of) : undefined
}
