// One run of a job over its topic: embedded topic → event source stand-in → Lambda-shaped events → worker
// processes → table and objects in a folder. With `crash`, workers are killed at random while it runs.

import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { embedded } from '../src/local/embedded.ts'
import { EmbeddedTopics } from '../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping } from '../src/local/event-source/mapping.ts'
import { memorySource } from '../src/local/event-source/memory-source.ts'
import { startPoller } from '../src/local/event-source/poller.ts'
import { childProcessInvoker } from '../src/local/invoker/child-process.ts'
import { watchWakeUps } from '../src/local/wake-watch.ts'
import type { Account, DemoJob } from './job.ts'
import { PARTITIONS, produce, type TopicRecord } from './topic.ts'

export interface RunOptions {
  readonly records: readonly TopicRecord[]
  readonly directory: string
  readonly crash: boolean
  /** Records a second that the producer aims at. */
  readonly rate: number
  readonly onProgress: (progress: Progress) => void
}

export interface Progress {
  readonly seconds: number
  readonly produced: number
  /** Records in invocations that succeeded. */
  readonly processed: number
  readonly lag: number
  readonly invocations: number
  readonly failures: number
  readonly kills: number
  /** What the last failed invocation said, while none has succeeded yet. */
  readonly trouble: string | undefined
}

export interface RunResult<A> {
  readonly account: A
  readonly progress: Progress
  /** Lines that workers wrote to standard error or output. */
  readonly logs: readonly string[]
}

const WORKERS = 2

/** Runs until everything that was produced is processed and the job has come to rest. */
export async function runJob<A extends Account>(
  { name, topic: { name: topic }, batchSize, account }: DemoJob<A>,
  { records, directory, crash, rate, onProgress }: RunOptions,
): Promise<RunResult<A>> {
  const topics = new EmbeddedTopics()
  topics.createTopic(topic, { partitions: PARTITIONS })
  const services = embedded(directory)
  const logs: string[] = []
  let lastError: string | undefined
  const worker = childProcessInvoker({
    module: new URL(`../functions/${name}.ts`, import.meta.url).href,
    concurrency: WORKERS,
    functionName: name,
    execArgv: ['--conditions=millrace-source'],
    env: {
      ...services.variables,
      MILLRACE_PARTITIONS: `${topic}=${PARTITIONS}`,
      // Where workers die a partition may be held up for long on a slow machine, and what a silent one sends joins a later T (I2).
      ...(crash && { IDLE_AFTER: process.env.IDLE_AFTER ?? '30s' }),
    },
    onLog: (line) => logs.push(line),
  })
  const mapping = eventSourceMapping({
    functionName: name,
    topics: [topic],
    consumerGroupId: name,
    batchSize,
    maximumBatchingWindowMs: 50,
  })
  const poller = await startPoller({
    mapping,
    source: memorySource(topics),
    invoker: worker,
    pollers: WORKERS,
    backoff: { initialMs: 20, maxMs: 200 },
    onError: (error) => logs.push(error.message),
    onProgress: ({ error }) => {
      if (error) lastError = error.errorMessage
    },
  })
  const wakes = watchWakeUps(services.table, name, worker)
  const done = new AbortController()
  const started = performance.now()
  let kills = 0

  const progress = (): Progress => {
    const { invocations, failures, records: processed } = poller.stats
    const produced = Array.from({ length: PARTITIONS }, (_, partition) => topics.endOffset({ topic, partition }))
    return {
      seconds: (performance.now() - started) / 1000,
      produced: produced.reduce((sum, end) => sum + end, 0),
      processed,
      lag: topics.lag(name, [topic]),
      invocations,
      failures,
      kills,
      trouble: processed === 0 ? lastError : undefined,
    }
  }
  const every = async (ms: () => number, action: () => void): Promise<void> => {
    while (!done.signal.aborted) {
      await sleep(ms(), undefined, { signal: done.signal }).catch(() => undefined)
      if (!done.signal.aborted) action()
    }
  }
  const reporting = every(
    () => 500,
    () => onProgress(progress()),
  )
  // Between two kills some invocations succeed, so that no partition is held up for longer than the job's `idleAfter`: what
  // is silent for longer is rightly not waited for, and its records would join a later batch (I2).
  const crashing = crash
    ? (async () => {
        for (let next = 1; !done.signal.aborted; ) {
          await sleep(randomInt(1, 60))
          const { invocations, failures, inFlight } = poller.stats
          if (invocations - failures < next || inFlight === 0) continue
          next = invocations - failures + 3
          kills += worker.kill()
        }
      })()
    : undefined

  await produce(topics, topic, records, rate, done.signal)
  while (topics.lag(name, [topic]) > 0 || !(await wakes.atRest())) await sleep(50)
  done.abort()
  await Promise.all([reporting, crashing])
  await Promise.all([wakes.stop(), poller.stop()])
  await worker.close()
  const result = await account(services, records)
  await services.stop()
  return { account: result, progress: progress(), logs }
}
