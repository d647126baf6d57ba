// A function in a process of its own that is killed again and again: the poller retries, and nothing is left out.

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { EmbeddedTopics } from '../../../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { memorySource } from '../../../src/local/event-source/memory-source.ts'
import { startPoller } from '../../../src/local/event-source/poller.ts'
import { childProcessInvoker } from '../../../src/local/invoker/child-process.ts'
import { until } from './until.ts'

const RECORDS = 2000

it('delivers everything to a process that is killed in the middle of its work', async () => {
  const topics = new EmbeddedTopics()
  topics.createTopic('t', { partitions: 4 })
  for (let i = 0; i < RECORDS; i++) topics.append({ topic: 't', key: `k${i}`, value: `${i}` })

  const lines: string[] = []
  const invoker = childProcessInvoker({
    module: fileURLToPath(new URL('./fixtures/slow-lines.ts', import.meta.url)),
    execArgv: [],
    concurrency: 2,
    initTimeoutMs: 60_000,
    onLog: (line) => lines.push(line),
  })
  const poller = await startPoller({
    mapping: eventSourceMapping({
      functionName: 'f',
      topics: ['t'],
      consumerGroupId: 'g',
      batchSize: 50,
      maximumBatchingWindowMs: 0,
    }),
    source: memorySource(topics),
    invoker,
    pollers: 2,
    backoff: { initialMs: 1, maxMs: 5 },
  })
  let kills = 0
  const errors = () => poller.stats.failures
  await until('killed five times in the middle', () => {
    if (poller.stats.inFlight > 0 && errors() >= kills) kills += invoker.kill() > 0 ? 1 : 0
    return errors() >= 5
  })
  await until('all committed', () => topics.lag('g', ['t']) === 0)
  const seen = () => new Set(lines.flatMap((line) => line.split(' ')))
  await until('all lines arrived', () => seen().size === RECORDS)
  await poller.stop()
  await invoker.close()
  expect(poller.stats.retries).toBeGreaterThanOrEqual(1)
})
