// A job as data: nodes that point to what they read. Building them runs nothing (DESIGN §5, "Definition as data").
// Functions of users are held in method signatures: the node forgets their element types, `DStream<T>` remembers them.

import type { ValueVersion } from '../options/state-version.ts'
import type { Sink } from '../sinks/sink.ts'
import type { Source } from '../sources/source.ts'
import type { WideNode } from './wide-nodes.ts'

/** Where a stream comes from. */
export interface SourceNode {
  readonly kind: 'source'
  readonly source: Source
}

export interface MapNode {
  readonly kind: 'map'
  readonly input: StreamNode
  /** Of pairs: keys stay as they are, so the elements stay in the right buckets. */
  readonly keepsKeys?: boolean
  apply(element: unknown): unknown
}

export interface FilterNode {
  readonly kind: 'filter'
  readonly input: StreamNode
  apply(element: unknown): boolean
}

export interface FlatMapNode {
  readonly kind: 'flatMap'
  readonly input: StreamNode
  readonly keepsKeys?: boolean
  apply(element: unknown): Iterable<unknown>
}

export interface MapPartitionsNode {
  readonly kind: 'mapPartitions'
  readonly input: StreamNode
  apply(elements: Iterable<unknown>): Iterable<unknown>
}

export interface MapAsyncNode {
  readonly kind: 'mapAsync'
  readonly input: StreamNode
  readonly concurrency: number
  /** Whether an error is of something that is away for now. */
  readonly transient: ((error: unknown) => boolean) | undefined
  apply(element: unknown): Promise<unknown>
}

export interface UnionNode {
  readonly kind: 'union'
  readonly inputs: readonly StreamNode[]
}

/** The same elements, and the promise that all pairs of one key are in one partition of the one topic they come from. */
export interface PreservesPartitioningNode {
  readonly kind: 'preservesPartitioning'
  readonly input: StreamNode
  readonly newPartitions: NewPartitions
}

/** What to do when the topic has got partitions since state began: stop, because keys may have moved, or let them join. */
export type NewPartitions = 'fail' | 'join'

export type NarrowNode =
  | MapNode
  | FilterNode
  | FlatMapNode
  | MapPartitionsNode
  | MapAsyncNode
  | UnionNode
  | PreservesPartitioningNode
export type StreamNode = SourceNode | NarrowNode | WideNode

/** Where a stream ends. */
export interface OutputNode {
  readonly kind: 'output'
  readonly input: StreamNode
  readonly sink: Sink
}

/** The nodes that a node reads. */
export function inputsOf(node: StreamNode): readonly StreamNode[] {
  if (node.kind === 'source') return []
  return 'inputs' in node ? node.inputs : [node.input]
}

/** Which nodes are narrow; of wide ones, which keep state from batch to batch. */
const NATURE: Readonly<Record<NarrowNode['kind'], 'narrow'>> &
  Readonly<Record<WideNode['kind'], 'stateless' | 'stateful'>> &
  Readonly<Record<SourceNode['kind'], 'source'>> = {
  source: 'source',
  map: 'narrow',
  filter: 'narrow',
  flatMap: 'narrow',
  mapPartitions: 'narrow',
  mapAsync: 'narrow',
  union: 'narrow',
  preservesPartitioning: 'narrow',
  combineByKey: 'stateless',
  fold: 'stateless',
  cogroup: 'stateless',
  repartition: 'stateless',
  window: 'stateful',
  inverseWindow: 'stateful',
  updateStateByKey: 'stateful',
  mapWithState: 'stateful',
  stateSnapshots: 'stateless', // it shows that of its mapWithState
}

/** Whether an operator runs on each micro-batch by itself. */
export function isNarrow(node: StreamNode): node is NarrowNode {
  return NATURE[node.kind] === 'narrow'
}

/** Whether an operator keeps state from batch to batch. */
export function keepsState(node: StreamNode): boolean {
  return NATURE[node.kind] === 'stateful'
}

/** The same, of what a schema names. */
export function isKindWithState(kind: string): boolean {
  return Object.hasOwn(NATURE, kind) && Reflect.get(NATURE, kind) === 'stateful'
}

/** The version of the values that a node's operator keeps; undefined: 1, or it keeps none. */
export function valuesOf(node: StreamNode): ValueVersion | undefined {
  return 'values' in node ? node.values : undefined
}
