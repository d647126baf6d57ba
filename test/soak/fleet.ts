// The processes of one job: pollers, each with a worker process of its own, and the queue of its wake-ups with another. The
// chaos kills, abandons, freezes and adds them; what they answered is kept, whoever is gone meanwhile.

import { setTimeout as sleep } from 'node:timers/promises'
import type { InvocationReport } from '../../src/local/event-source/deliver.ts'
import { kafkaSource } from '../../src/local/event-source/kafka-source.ts'
import { eventSourceMapping } from '../../src/local/event-source/mapping.ts'
import { type Poller, startPoller } from '../../src/local/event-source/poller.ts'
import type { TopicSource } from '../../src/local/event-source/topic-source.ts'
import { type ChildProcessInvoker, childProcessInvoker } from '../../src/local/invoker/child-process.ts'
import type { WakeQueue } from './wake-queue.ts'

export interface FleetOptions {
  readonly job: string
  readonly topic: string
  readonly module: URL
  readonly bootstrap: string
  readonly env: Readonly<Record<string, string>>
  readonly pollers: number
  /** Invocations that failed with anything but what the chaos explains. */
  readonly onAlarm: (alarm: string) => void
  readonly onNote: (note: string) => void
}

interface Member {
  readonly invoker: ChildProcessInvoker
  readonly source: TopicSource
  readonly poller: Poller
}

/** What a killed process, a spoilt call or a lost race make of an invocation; anything else is an alarm. */
const EXPLAINED = new Set([
  'ServiceUnreachableError',
  'ServiceThrottledError',
  'ServiceFailedError',
  'CallFailedError', // the database is away
  'InvokerClosed',
  'Sandbox.Timedout',
])

export class Fleet {
  invocations = 0
  #succeeded = 0
  /** So many invocations must have succeeded before the next kill. */
  #mayKillFrom = 0
  /** Failed invocations by the name of the error. */
  readonly failures = new Map<string, number>()
  readonly #options: FleetOptions
  readonly #wakeInvoker: ChildProcessInvoker
  #members: Member[] = []
  /** Members that were given up, until the last of their invocations has ended. */
  readonly #leaving = new Set<Promise<void>>()

  constructor(options: FleetOptions) {
    this.#options = options
    this.#wakeInvoker = this.#invoker()
  }

  get wakeInvoker(): ChildProcessInvoker {
    return this.#wakeInvoker
  }

  get size(): number {
    return this.#members.length
  }

  async start(queue: WakeQueue): Promise<void> {
    queue.start()
    for (let i = 0; i < this.#options.pollers; i++) await this.add()
  }

  /** Another poller: the group is rebalanced. */
  async add(): Promise<void> {
    const { job, topic, bootstrap, onAlarm } = this.#options
    const invoker = this.#invoker()
    for (;;) {
      // 6 s is the least that Kafka allows, so that a killed member is not missed for longer.
      const source = kafkaSource({ brokers: bootstrap.split(','), sessionTimeoutMs: 6000, log: () => undefined })
      try {
        const poller = await startPoller({
          mapping: eventSourceMapping({
            functionName: job,
            topics: [topic],
            consumerGroupId: job,
            bootstrapServers: bootstrap.split(','),
            batchSize: 500,
            maximumBatchingWindowMs: 300,
          }),
          source,
          invoker,
          backoff: { initialMs: 50, maxMs: 1000 },
          onProgress: (report) => this.#note(report),
          onError: (error) => onAlarm(`poller of ${job}: ${error.name}: ${error.message}`),
        })
        this.#members.push({ invoker, source, poller })
        return
      } catch {
        await source.close() // a broker is away: again
        await sleep(500)
      }
    }
  }

  /**
   * SIGKILL to a function process; how many there were. `index` draws whose: that of the wake-ups, or one of a poller's, which
   * is killed some way into its next invocation, since most of the time it has none. None as long as no invocation has
   * succeeded since the last kill: a machine on which a cold start takes longer than kills are apart would get nowhere.
   */
  async killFunctions(index: number, afterMs: number): Promise<number> {
    if (this.#succeeded < this.#mayKillFrom) return 0
    this.#mayKillFrom = this.#succeeded + 1
    const victim = this.#members[index % (this.#members.length + 1)]
    if (!victim) return this.#wakeInvoker.kill()
    for (const end = performance.now() + 3000; victim.poller.stats.inFlight === 0 && performance.now() < end; )
      await sleep(2)
    await sleep(afterMs)
    return victim.invoker.kill()
  }

  /**
   * Gives up a poller as a crash does, and lets its function go on as a zombie: after `frozenMs` it wakes up and does what it
   * was about to do. Another poller takes its place.
   */
  async abandon(index: number, frozenMs: number): Promise<void> {
    const victim = this.#members[index % this.#members.length]
    if (!victim) return
    this.#members = this.#members.filter((member) => member !== victim)
    if (frozenMs > 0) victim.invoker.kill('SIGSTOP')
    victim.poller.kill()
    this.#leave(async () => {
      await sleep(frozenMs)
      victim.invoker.kill('SIGCONT')
      await Promise.race([victim.poller.stop(), sleep(30_000)])
      await victim.source.close()
      await victim.invoker.close()
    })
    await this.add()
  }

  /** Lets a poller leave as it should: the group is rebalanced. */
  async dismiss(index: number): Promise<void> {
    const victim = this.#members[index % this.#members.length]
    if (!victim || this.#members.length < 2) return
    this.#members = this.#members.filter((member) => member !== victim)
    this.#leave(() => close(victim))
  }

  /** Holds a function process for a while. */
  async freeze(index: number, ms: number): Promise<void> {
    const victim = this.#members[index % this.#members.length]
    victim?.invoker.kill('SIGSTOP')
    this.#leave(async () => {
      await sleep(ms)
      victim?.invoker.kill('SIGCONT')
    })
  }

  async stop(): Promise<void> {
    const members = this.#members
    this.#members = []
    await Promise.all(members.map(close))
    await Promise.all(this.#leaving)
    await this.#wakeInvoker.close()
  }

  #leave(work: () => Promise<void>): void {
    const leaving = work()
      .catch((error: unknown) => this.#options.onNote(`a poller of ${this.#options.job} could not leave: ${error}`))
      .finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }

  #note({ outcome, error }: InvocationReport): void {
    this.invocations++
    if (outcome === 'success') this.#succeeded++
    if (!error) return
    const { errorType, errorMessage } = error
    this.failures.set(errorType, (this.failures.get(errorType) ?? 0) + 1)
    const killed = errorType === 'Runtime.ExitError' && /SIGKILL|while loading/.test(errorMessage)
    if (!killed && !EXPLAINED.has(errorType) && outcome !== 'lost') {
      this.#options.onAlarm(`${this.#options.job}: ${errorType}: ${errorMessage}`)
    }
  }

  #invoker(): ChildProcessInvoker {
    const { job, module, env, onAlarm } = this.#options
    return childProcessInvoker({
      module: module.href,
      functionName: job,
      execArgv: ['--conditions=millrace-source'],
      env,
      initTimeoutMs: 60_000, // the machine may be very busy
      // Errors of partitions come with the answers; what is written to stderr is a crash.
      onLog: (line, stream) => {
        if (stream === 'stderr' && /Error/.test(line)) onAlarm(`${job}, stderr: ${line}`)
      },
    })
  }
}

async function close({ poller, source, invoker }: Member): Promise<void> {
  await poller.stop()
  await source.close()
  await invoker.close()
}
