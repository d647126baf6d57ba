// What the graph alone says about where a stream's elements are: still in the tasks of a topic's partitions, or spread over
// buckets by a shuffle; and which operators need no shuffle because Kafka has partitioned their input by key.

import { InvalidOptionError } from '../errors/errors.ts'
import { type BatchNode, inputsOf, isBatchNode, type StreamNode } from './nodes.ts'

/** Of a stream whose elements are in source tasks. */
interface InPartitions {
  readonly topics: ReadonlySet<string>
  /** All pairs of one key are in one partition of the one topic. */
  readonly keyed: boolean
}

/** The nearest shuffle before a stream. */
interface AfterShuffle {
  readonly by: BatchNode
}

type Whereabouts = InPartitions | AfterShuffle

const known = new WeakMap<StreamNode, Whereabouts>()

/** The topic in whose partitions' tasks an operator on batches runs; undefined when it needs a shuffle. */
export function topicInPlace({ operator, inputs, numPartitions }: BatchNode): string | undefined {
  if (operator.showsState) return topicOf(inputs[0])
  const anywhere = operator.spread === 'by key' || operator.spread === 'as it is'
  // One partition does not know what others have for every place that the operator runs in.
  if (!anywhere || operator.everywhere !== undefined || numPartitions !== undefined) return undefined
  // Which partition a key belongs to, only its records tell, and a key with initial state may never get any.
  if (operator.state?.initial) return undefined
  const topics = new Set<string>()
  for (const input of inputs) {
    const place = whereabouts(input)
    if ('by' in place || !place.keyed) return undefined
    for (const topic of place.topics) topics.add(topic)
  }
  return topics.size === 1 ? [...topics][0] : undefined
}

function topicOf(node: StreamNode | undefined): string | undefined {
  return node && isBatchNode(node) ? topicInPlace(node) : undefined
}

/** @throws InvalidOptionError unless the elements are in the partitions of one topic. */
export function checkOneTopic(operator: string, node: StreamNode): void {
  const place = whereabouts(node)
  if ('by' in place) {
    throw new InvalidOptionError(
      `${operator}: the stream comes out of the shuffle of ${place.by.operator.kind}, which has put every key into a bucket of its own ` +
        'making. Say it before the first operator by key; after a shuffle there is nothing to preserve.',
    )
  }
  if (place.topics.size === 1) return
  throw new InvalidOptionError(
    `${operator}: the stream comes from the topics ${[...place.topics].join(', ')}, and a key of two topics is in two partitions. ` +
      'Say it of the stream of each topic, before union; operators by key on the union shuffle.',
  )
}

/** Whether a stream's elements are pairs that are still in the partitions of their keys. */
export function isKeyed(node: StreamNode): boolean {
  const place = whereabouts(node)
  return 'keyed' in place && place.keyed
}

function whereabouts(node: StreamNode): Whereabouts {
  const found = known.get(node) ?? find(node)
  known.set(node, found)
  return found
}

function find(node: StreamNode): Whereabouts {
  if (node.kind !== 'operator') return { topics: new Set(node.source.feeds), keyed: false }
  if (isBatchNode(node)) {
    const topic = topicInPlace(node)
    return topic === undefined ? { by: node } : { topics: new Set([topic]), keyed: node.operator.keys !== 'lost' }
  }
  const topics = new Set<string>()
  const { keys } = node.operator
  let keyed = keys !== 'lost'
  for (const input of inputsOf(node).map(whereabouts)) {
    if ('by' in input) return input
    for (const topic of input.topics) topics.add(topic)
    keyed &&= keys === 'made' || input.keyed
  }
  return { topics, keyed: keyed && topics.size === 1 }
}
