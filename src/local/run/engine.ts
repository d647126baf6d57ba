// What runs one job: the poller that feeds it, and the watch that wakes it, each turned on and off by itself.

import { causeFacts, describeCause } from '../../errors/errors.ts'
import { drainMessage } from '../../lambda/sqs-waker.ts'
import type { Log } from '../../runtime/environment.ts'
import type { JobDescription } from '../../serverless/describe.ts'
import type { Runnable } from '../control/controlled.ts'
import type { DevServices } from '../dev/services.ts'
import { jobMapping, topicsOf } from '../event-source/job-mapping.ts'
import type { KafkaSourceOptions } from '../event-source/kafka-options.ts'
import { type Poller, startPoller } from '../event-source/poller.ts'
import { partitionName } from '../event-source/topic-source.ts'
import type { FunctionInvoker } from '../invoker/invoker.ts'
import { type WakeWatch, watchWakeUps } from '../wake-watch.ts'
import { type PartitionCounts, type PartitionWatch, watchPartitions } from './partition-watch.ts'

export interface EngineOptions {
  readonly description: JobDescription
  readonly services: DevServices
  readonly group: string
  readonly invoker: FunctionInvoker
  readonly log: Log
  readonly batchSize: number
  readonly windowMs: number
  /** Members of the group in this process. */
  readonly pollers: number
  /** Partitions of each topic, as they are at the start. */
  readonly counts: PartitionCounts
  /** Tells the job that they are others now, between two invocations. */
  readonly renew: (counts: PartitionCounts) => Promise<void>
  /** Trouble that does not pass by itself. */
  readonly failed: (error: unknown) => void
  /** Lets go of what is the run's own. */
  readonly close: (graceful: boolean) => Promise<void>
}

/** Soon at first; then no service that comes back is met by everybody at once. */
const BACKOFF = { initialMs: 200, maxMs: 10_000 }

/** It does nothing before its parts are turned on. */
export function makeEngine(options: EngineOptions): Runnable {
  const { description, services, group, invoker, log, batchSize, windowMs, pollers, failed, close } = options
  const { name, feeds } = description
  const warn = (line: string): void => log.warn({ job: name }, line)
  const before = { invocations: 0, records: 0, failures: 0 }
  let poller: Poller | undefined
  let wakes: WakeWatch | undefined
  let partitions: PartitionWatch | undefined
  let told = ''

  function openPoller(): Promise<Poller> {
    return startPoller({
      mapping: jobMapping({ job: name, feeds, group, batchSize, windowMs }),
      source: services.topics.source,
      invoker,
      pollers,
      backoff: BACKOFF,
      onError: (error) => {
        log.error({ job: name, ...causeFacts(error) }, 'records cannot be delivered')
        failed(error)
      },
    })
  }

  async function closePoller(ending: Poller): Promise<void> {
    await ending.stop()
    poller = undefined
    before.invocations += ending.stats.invocations
    before.records += ending.stats.records
    before.failures += ending.stats.failures
  }

  function wake(): WakeWatch {
    return watchWakeUps(services.table, name, invoker, {
      onError: (error) => warnOnce(`the table cannot be read: ${describeCause(error)}`),
    })
  }

  function countPartitions(): PartitionWatch {
    return watchPartitions({
      topics: services.topics,
      counts: options.counts,
      async onChange(counts, words) {
        await options.renew(counts)
        log.info({ job: name }, `topics have new partitions: ${words}`)
      },
      onError: (error) => warnOnce(`the partitions of its topics cannot be counted: ${describeCause(error)}`),
    })
  }

  function warnOnce(line: string): void {
    if (line !== told) warn(line)
    told = line
  }

  return {
    async intake(on) {
      // Whoever takes records in has to know of new partitions; who does not may as well.
      partitions ??= countPartitions()
      if (on) poller ??= await openPoller()
      else if (poller) await closePoller(poller)
    },
    async wakeUps(on) {
      if (on) wakes ??= wake()
      else await wakes?.stop()
      if (!on) wakes = undefined
    },
    async drain() {
      const { ok } = await invoker.invoke(
        JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body: drainMessage(name) }] }),
      )
      return ok
    },
    async stop() {
      await Promise.all([poller?.stop(), wakes?.stop(), partitions?.stop()])
      await close(true)
    },
    async kill() {
      poller?.kill()
      await Promise.all([invoker.close(), wakes?.stop(), partitions?.stop()])
      await close(false)
    },
    get progress() {
      const { invocations = 0, records = 0, failures = 0, inFlight = 0 } = poller?.stats ?? {}
      return {
        invocations: invocations + before.invocations,
        records: records + before.records,
        failures: failures + before.failures,
        inFlight,
        partitions: (poller?.assigned() ?? []).map(partitionName),
      }
    },
  }
}

/** What a member of the group notices, as lines of the log. kafkajs has its own words for the same, and many more. */
export function memberLog(log: Log): NonNullable<KafkaSourceOptions['log']> {
  return (level, message, facts) => {
    if (!message.startsWith('kafkajs: ')) log[level](facts, message)
  }
}

/** The number of partitions of each topic of a job; topics that are missing are made where that is done. */
export async function partitionsOf(
  description: JobDescription,
  { topics }: DevServices,
  partitions: number,
): Promise<PartitionCounts> {
  const names = topicsOf(description)
  await topics.ensure(names, partitions)
  const counts = names.map(async (topic) => [topic, await topics.partitionCount(topic)] as const)
  return new Map(await Promise.all(counts))
}
