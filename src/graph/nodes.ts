// A job as data: nodes that point to what they read, and hold the operator that makes a stream of it. Building them runs nothing
// (DESIGN §5, "Definition as data"). Nodes forget element types, `DStream<T>` remembers them.

import type { BatchOperator, Made, Operator, RecordOperator } from '../operators/operator.ts'
import type { Identity } from '../options/identity.ts'
import type { Sink } from '../sinks/sink.ts'
import type { Source } from '../sources/source.ts'

/** Where a stream comes from. */
export interface SourceNode {
  readonly kind: 'source'
  readonly source: Source
}

/** A stream that an operator makes of others. */
interface MadeOf<O extends Operator> extends Identity {
  readonly kind: 'operator'
  readonly operator: O
  readonly inputs: readonly StreamNode[]
  /** How often the stream has a batch, milliseconds. */
  readonly slide: number
  /** Buckets, as asked for; undefined: the job's default. */
  readonly numPartitions: number | undefined
}

export type RecordNode = MadeOf<RecordOperator>
export type BatchNode = MadeOf<BatchOperator>
export type OperatorNode = RecordNode | BatchNode
export type StreamNode = SourceNode | OperatorNode

/** Where a stream ends. */
export interface OutputNode {
  readonly kind: 'output'
  readonly input: StreamNode
  readonly sink: Sink
}

export function operatorNode(operator: Operator, parts: Omit<OperatorNode, 'kind' | 'operator'>): OperatorNode {
  return operator.runs === 'on records'
    ? { kind: 'operator', operator, ...parts }
    : { kind: 'operator', operator, ...parts }
}

/** The nodes that a node reads. */
export function inputsOf(node: StreamNode): readonly StreamNode[] {
  return node.kind === 'operator' ? node.inputs : []
}

/** What a node is called in messages and ids: its source's or its operator's kind. */
export function kindOf(node: StreamNode): string {
  return node.kind === 'operator' ? node.operator.kind : node.source.kind.name
}

/** Whether an operator runs on each micro-batch by itself. */
export function isRecordNode(node: StreamNode): node is RecordNode {
  return node.kind === 'operator' && node.operator.runs === 'on records'
}

export function isBatchNode(node: StreamNode): node is BatchNode {
  return node.kind === 'operator' && node.operator.runs === 'on batches'
}

/** What a stream's elements are made to, if that is something of its own. */
export function madeBy(node: StreamNode): Made | undefined {
  return isBatchNode(node) ? node.operator.makes : undefined
}

/** The feeds whose records a stream is made of. */
export function feedsOf(stream: StreamNode): ReadonlySet<string> {
  const nodes = new Set([stream])
  for (const node of nodes) for (const input of inputsOf(node)) nodes.add(input)
  return new Set([...nodes].flatMap((node) => (node.kind === 'source' ? node.source.feeds : [])))
}
