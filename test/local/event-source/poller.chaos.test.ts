// Invariants of the poller, whatever the function does and whoever joins, leaves or crashes: a group's offset never
// passes a record that no invocation took, and in the end all are taken. Every run is made from a seed.

import { expect, it } from 'vitest'
import { EmbeddedTopics } from '../../../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { memorySource } from '../../../src/local/event-source/memory-source.ts'
import { type Poller, startPoller } from '../../../src/local/event-source/poller.ts'
import type { NextOffset } from '../../../src/local/event-source/topic-source.ts'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import type { KafkaEvent } from '../../../src/sources/kafka/event.ts'
import { until } from './until.ts'

const RECORDS = 300

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Topics that check every commit against what invocations took. */
class CheckedTopics extends EmbeddedTopics {
  readonly taken = new Set<string>()
  readonly violations: string[] = []

  override commit(groupId: string, offsets: readonly NextOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      for (let before = 0; before < offset; before++) {
        const name = `${topic}-${partition} ${before}`
        if (!this.taken.has(name)) this.violations.push(`committed ${offset}, never took ${name}`)
      }
    }
    super.commit(groupId, offsets)
  }
}

it.each(Array.from({ length: 25 }, (_, seed) => [seed]))('seed %i', async (seed) => {
  const random = randomFrom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const topics = new CheckedTopics()
  const partitions = 1 + below(4)
  topics.createTopic('t', { partitions })
  for (let i = 0; i < RECORDS; i++) topics.append({ topic: 't', key: `k${i}`, value: 'x'.repeat(below(400)) })

  const invoker = inProcessInvoker(async (event) => {
    if (!isKafkaEvent(event)) throw new Error('no Kafka event')
    await new Promise((resolve) => (random() < 0.7 ? setImmediate(resolve) : setTimeout(resolve, below(4))))
    if (random() < 0.2) throw new Error('by chance')
    const failures: unknown[] = []
    for (const [partition, records] of Object.entries(event.records)) {
      expect(records.every(({ offset }, i) => i === 0 || offset === (records[i - 1]?.offset ?? 0) + 1)).toBe(true)
      const failed = random() < 0.2 ? records[below(records.length)]?.offset : undefined
      if (failed !== undefined) failures.push({ itemIdentifier: { partition, offset: failed } })
      for (const { offset } of records) if (offset < (failed ?? Infinity)) topics.taken.add(`${partition} ${offset}`)
    }
    return { batchItemFailures: failures }
  })
  const source = memorySource(topics)
  const mapping = eventSourceMapping({
    functionName: 'f',
    topics: ['t'],
    consumerGroupId: 'g',
    batchSize: 1 + below(30),
    maximumBatchingWindowMs: below(3),
    bisectOnError: random() < 0.5,
    reportBatchItemFailures: true,
  })
  const start = (): Promise<Poller> =>
    startPoller({
      mapping,
      source,
      invoker,
      backoff: { initialMs: 1, maxMs: 2 },
      payloadLimit: 3000,
      pollers: 1 + below(2),
    })

  const pollers = [await start()]
  await until('all committed', async () => {
    if (random() < 0.15) pollers.push(await start())
    if (random() < 0.15 && pollers.length > 1) {
      const poller = pollers.splice(below(pollers.length), 1)[0]
      if (random() < 0.5) poller?.kill()
      else await poller?.stop()
    }
    return topics.lag('g', ['t']) === 0
  })
  await Promise.all(pollers.map((poller) => poller.stop()))
  expect(topics.violations).toEqual([])
  expect(topics.taken.size).toBe(RECORDS)
})

const isKafkaEvent = (event: unknown): event is KafkaEvent =>
  typeof event === 'object' && event !== null && 'records' in event
