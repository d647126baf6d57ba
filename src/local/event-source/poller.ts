// The stand-in for Lambda's Kafka event source mapping: reads topics as a consumer group, cuts batches as Lambda does,
// invokes a function, and commits offsets once it has answered. Delivery is at least once and in order within a
// partition; a group's offsets play no part in Millrace's exactly-once (DESIGN §3).
//
// One poller is one member of the group with at most one invocation under way, so no partition ever has two from it.
// `pollers: n` runs n members, which invoke side by side over the partitions, as Lambda's event pollers do.

import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import { RecordTooLargeError } from '../../errors/stand-in-errors.ts'
import type { FunctionInvoker } from '../invoker/invoker.ts'
import { type Backoff, type Delivery, type Discarded, deliver, type InvocationReport } from './deliver.ts'
import { PAYLOAD_LIMIT } from './encode-event.ts'
import { type Batch, Gatherer, type Oversized } from './gather.ts'
import type { EventSourceMapping } from './mapping.ts'
import { type GroupMember, partitionName, type TopicPartition, type TopicSource } from './topic-source.ts'
import { pause } from './wakeable.ts'

export interface PollerOptions {
  readonly mapping: EventSourceMapping
  readonly source: TopicSource
  /** Stays the caller's: the poller does not close it, nor the source. */
  readonly invoker: FunctionInvoker
  /** Members of the consumer group; default 1. */
  readonly pollers?: number
  /** Default 100 ms to 10 s. */
  readonly backoff?: Backoff
  /**
   * What to do about a record that fits no event. Default `stop`: its partition stops there and `onError` is told, so
   * that nothing is lost unnoticed; `skip`: it is discarded.
   */
  readonly oversized?: 'stop' | 'skip'
  /** Most bytes of an event; default 6,291,456, Lambda's limit. Only a test lowers it. */
  readonly payloadLimit?: number
  /** After every invocation. */
  readonly onProgress?: (invocation: InvocationReport, stats: PollerStats) => void
  /** Trouble that needs somebody: a record that is too large, a loop that failed and goes on. */
  readonly onError?: (error: Error) => void
  /** Records that are given up, before their offsets are committed. Where a failure destination goes. */
  readonly onDiscard?: (discarded: Discarded) => void | Promise<void>
  /** Stops the poller when it aborts. */
  readonly signal?: AbortSignal
}

/** For commits when the poller stops, which are tried again while Kafka is away. */
const COMMIT_PATIENCE_MS = 5000

/** Counters since the start. */
export interface PollerStats {
  /** Invocations that ended, retries included. */
  invocations: number
  /** Records of successful and partly successful invocations; a redelivered record counts again. */
  records: number
  /** Bytes of all events. */
  bytes: number
  /** Invocations that failed, wholly or in part. */
  failures: number
  retries: number
  /** Invocations whose partitions were revoked meanwhile, so that nothing was committed. */
  lost: number
  /** Records given up. */
  discarded: number
  /** Invocations under way. */
  inFlight: number
}

export interface Poller {
  readonly stats: Readonly<PollerStats>
  /** The partitions that this poller owns now, over all its members. */
  assigned(): readonly TopicPartition[]
  /** Partitions stopped at a record that is too large. */
  stopped(): readonly string[]
  /**
   * Finishes the invocations under way, commits, and leaves the group. A batch that keeps failing is left uncommitted, and a
   * commit that Kafka does not take within five seconds is given up.
   */
  stop(): Promise<void>
  /** Ends at once, as a crash does: results of invocations under way are thrown away, the group is not told. */
  kill(): void
}

/**
 * Joins the group and begins to invoke.
 *
 * @throws TopicMissingError, BrokerUnreachableError: see TopicSource.join
 * @throws InvalidOptionError when the mapping is disabled or has an on-failure destination and there is no `onDiscard`
 */
export async function startPoller(options: PollerOptions): Promise<Poller> {
  const { mapping, source, pollers = 1, signal } = options
  if (!mapping.enabled)
    throw new InvalidOptionError(`Event source mapping ${mapping.uuid} is disabled; enable it first.`)
  if (mapping.onFailureDestination !== undefined && !options.onDiscard) {
    throw new InvalidOptionError(
      `Event source mapping ${mapping.uuid} sends failed records to ${mapping.onFailureDestination}, which the stand-in ` +
        'does not do by itself: pass onDiscard, or records would be given up without a trace.',
    )
  }
  if (!Number.isInteger(pollers) || pollers < 1) throw new InvalidOptionError(`pollers is ${pollers}; at least 1.`)

  const run = new PollerRun(options)
  try {
    for (let i = 0; i < pollers; i++) {
      const { consumerGroupId: groupId, topics, startingPosition } = mapping
      run.begin(await source.join({ groupId, topics, startingPosition }))
    }
  } catch (error) {
    await run.stop()
    throw error
  }
  signal?.addEventListener('abort', () => void run.stop())
  if (signal?.aborted) void run.stop()
  return run
}

class PollerRun implements Poller {
  readonly stats: PollerStats = {
    invocations: 0,
    records: 0,
    bytes: 0,
    failures: 0,
    retries: 0,
    lost: 0,
    discarded: 0,
    inFlight: 0,
  }
  readonly #options: PollerOptions
  readonly #stopping = new AbortController()
  readonly #members: GroupMember[] = []
  readonly #loops: Promise<void>[] = []
  readonly #stopped = new Map<string, { readonly member: GroupMember; readonly epoch: number }>()
  #killed = false

  constructor(options: PollerOptions) {
    this.#options = options
  }

  begin(member: GroupMember): void {
    this.#members.push(member)
    this.#loops.push(this.#loop(member))
  }

  assigned(): readonly TopicPartition[] {
    return this.#members.flatMap((member) => member.assigned())
  }

  stopped(): readonly string[] {
    return [...this.#stopped].filter(([, { member, epoch }]) => member.epoch === epoch).map(([name]) => name)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const loops = Promise.all(this.#loops)
    const ended = new AbortController()
    await Promise.race([loops, this.#outOfPatience(ended.signal)])
    ended.abort()
    // This ends the epochs, and with them the commits that are still being tried.
    if (!this.#killed) await Promise.all(this.#members.map((member) => member.close()))
    await loops
  }

  /** Resolves when no invocation has been under way for some time. */
  async #outOfPatience(ended: AbortSignal): Promise<void> {
    for (let quiet = 0; quiet < COMMIT_PATIENCE_MS && !ended.aborted; quiet += 50) {
      if (this.stats.inFlight > 0) quiet = 0
      await pause(50, ended)
    }
  }

  kill(): void {
    this.#killed = true
    this.#stopping.abort()
    for (const member of this.#members) member.kill()
  }

  async #loop(member: GroupMember): Promise<void> {
    const { mapping, backoff = { initialMs: 100, maxMs: 10_000 }, payloadLimit = PAYLOAD_LIMIT } = this.#options
    const gatherer = new Gatherer(mapping, member, payloadLimit)
    const delivery: Delivery = {
      mapping,
      member,
      invoker: { invoke: (payload) => this.#invoke(payload), close: () => this.#options.invoker.close() },
      backoff,
      stopping: this.#stopping.signal,
      killed: () => this.#killed,
      report: (invocation) => this.#report(invocation),
      discard: (discarded) => this.#discard(discarded),
    }
    while (!this.#stopping.signal.aborted) {
      let next: Batch | Oversized | undefined
      try {
        next = await gatherer.next(this.#stopping.signal)
        if (!next || this.#killed) continue
        if ('oversized' in next) await this.#tooLarge(member, gatherer, next)
        else await deliver(delivery, next)
      } catch (error) {
        // A bug, or a callback that threw: say so and deliver these records again, never pass over them in silence.
        if (next) gatherer.rewind(next.epoch, 'oversized' in next ? [next.oversized] : next.records)
        this.#options.onError?.(error instanceof Error ? error : new Error(describeCause(error)))
        await pause(backoff.maxMs, this.#stopping.signal)
      }
    }
  }

  async #invoke(payload: string | Uint8Array): ReturnType<FunctionInvoker['invoke']> {
    this.stats.inFlight++
    try {
      return await this.#options.invoker.invoke(payload, this.#stopping.signal)
    } finally {
      this.stats.inFlight--
    }
  }

  #report(invocation: InvocationReport): void {
    if (this.#killed) return
    const { stats } = this
    stats.invocations++
    stats.bytes += invocation.bytes
    if (invocation.attempt > 0) stats.retries++
    if (invocation.outcome === 'lost') stats.lost++
    else if (invocation.outcome !== 'success') stats.failures++
    if (invocation.outcome === 'success' || invocation.outcome === 'partial') stats.records += invocation.records
    this.#options.onProgress?.(invocation, stats)
  }

  async #discard(discarded: Discarded): Promise<void> {
    this.stats.discarded += discarded.records.length
    await this.#options.onDiscard?.(discarded)
  }

  async #tooLarge(member: GroupMember, gatherer: Gatherer, { oversized, bytes, epoch }: Oversized): Promise<void> {
    const { topic, partition, offset } = oversized
    const skip = this.#options.oversized === 'skip'
    const limit = this.#options.payloadLimit ?? PAYLOAD_LIMIT
    const error = new RecordTooLargeError(topic, partition, offset, bytes, limit, skip)
    this.#options.onError?.(error)
    if (skip) {
      const { code: errorType, message: errorMessage } = error
      await this.#discard({ reason: 'RecordTooLarge', records: [oversized], error: { errorType, errorMessage } })
      await member.commit(epoch, [{ topic, partition, offset: offset + 1 }])
    } else {
      this.#stopped.set(partitionName(oversized), { member, epoch })
      member.pause(oversized)
      gatherer.drop(partitionName(oversized))
    }
  }
}
