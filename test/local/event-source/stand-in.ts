// A stand-in over embedded topics, with a function in this process: for tests of one behaviour of the mapping each.

import { afterEach, beforeEach, vi } from 'vitest'
import { EmbeddedTopics } from '../../../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping, type MappingOptions } from '../../../src/local/event-source/mapping.ts'
import { memorySource } from '../../../src/local/event-source/memory-source.ts'
import { type Poller, type PollerOptions, startPoller } from '../../../src/local/event-source/poller.ts'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import type { KafkaEvent } from '../../../src/sources/kafka/event.ts'

const GROUP = 'group'

export interface StandIn {
  readonly topics: EmbeddedTopics
  /** Every event that the function got. */
  readonly events: KafkaEvent[]
  start(
    handler: (event: KafkaEvent) => unknown,
    mapping?: Partial<MappingOptions>,
    options?: Partial<PollerOptions>,
  ): Promise<Poller>
  /** Appends to the topic `t`. */
  fill(values: readonly (string | Uint8Array | null)[], partition?: number, timestamp?: number): void
  committed(partition?: number): number | undefined
  /** The values of each event, as text. */
  values(): string[][]
}

export function standIn(): StandIn {
  let topics = new EmbeddedTopics()
  let events: KafkaEvent[] = []
  let pollers: Poller[] = []
  beforeEach(() => {
    topics = new EmbeddedTopics()
    events = []
    pollers = []
  })
  afterEach(() => {
    vi.useRealTimers()
    for (const poller of pollers) poller.kill()
  })
  return {
    get topics() {
      return topics
    },
    get events() {
      return events
    },
    async start(handler, mapping = {}, options = {}) {
      const invoker = inProcessInvoker((event) => {
        if (!isKafkaEvent(event)) throw new Error('no Kafka event')
        events.push(event)
        return handler(event)
      })
      const poller = await startPoller({
        mapping: eventSourceMapping({
          functionName: 'f',
          topics: ['t'],
          consumerGroupId: GROUP,
          maximumBatchingWindowMs: 0,
          ...mapping,
        }),
        source: memorySource(topics),
        invoker,
        backoff: { initialMs: 1, maxMs: 5 },
        ...options,
      })
      pollers.push(poller)
      return poller
    },
    fill(values, partition = 0, timestamp = Date.now()) {
      for (const value of values) topics.append({ topic: 't', partition, value, timestamp })
    },
    committed: (partition = 0) => topics.committed(GROUP, { topic: 't', partition }),
    values: () => events.map(valuesOf),
  }
}

/** The values of an event, as text. */
export const valuesOf = (event: KafkaEvent): string[] =>
  Object.values(event.records)
    .flat()
    .map(({ value }) => Buffer.from(value ?? '', 'base64').toString())

const isKafkaEvent = (event: unknown): event is KafkaEvent =>
  typeof event === 'object' && event !== null && 'records' in event
