// The stand-in for Lambda's Kafka event source mapping: reads topics as a consumer group, cuts batches as Lambda does,
// invokes a function, and commits offsets once it has answered. Delivery is at least once and in order within a
// partition; a group's offsets play no part in Millrace's exactly-once (DESIGN §3).
//
// One poller is one member of the group with at most one invocation under way (poller-member.ts), so no partition ever has
// two from it. Several members invoke side by side over the partitions, as Lambda's event pollers do.

import { InvalidOptionError } from '../../errors/errors.ts'
import type { FunctionInvoker } from '../invoker/invoker.ts'
import type { Discarded, InvocationReport } from './deliver.ts'
import { PollerMember } from './poller-member.ts'
import type { PollerOptions, PollerStats } from './poller-options.ts'
import { keepScaled, type Load, type Scaling } from './scaling.ts'
import type { TopicPartition } from './topic-source.ts'
import { pause } from './wakeable.ts'

export type { PollerOptions, PollerStats } from './poller-options.ts'

/** For commits when the poller stops, which are tried again while Kafka is away. */
const COMMIT_PATIENCE_MS = 5000

export interface Poller {
  readonly stats: Readonly<PollerStats>
  /** The partitions that this poller owns now, over all its members. */
  assigned(): readonly TopicPartition[]
  /** Members of the group now. */
  readonly pollers: number
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
  const { mapping, pollers = 1, signal } = options
  if (!mapping.enabled)
    throw new InvalidOptionError(`Event source mapping ${mapping.uuid} is disabled; enable it first.`)
  if (mapping.onFailureDestination !== undefined && !options.onDiscard) {
    throw new InvalidOptionError(
      `Event source mapping ${mapping.uuid} sends failed records to ${mapping.onFailureDestination}, which a poller does ` +
        'not do by itself: pass onDiscard (failureDestination has one), or records would be given up without a trace.',
    )
  }
  const scaling = typeof pollers === 'number' ? undefined : pollers
  if (typeof pollers === 'number' && (!Number.isInteger(pollers) || pollers < 1))
    throw new InvalidOptionError(`pollers is ${pollers}; at least 1.`)

  const run = new PollerRun(options)
  try {
    if (scaling) await run.joinUpTo(scaling)
    else for (let i = 0; i < Number(pollers); i++) await run.join()
    run.begin()
  } catch (error) {
    await run.stop()
    throw error
  }
  if (scaling) run.scale(scaling)
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
  #members: PollerMember[] = []
  #scaling: Promise<void> = Promise.resolve()
  #killed = false

  constructor(options: PollerOptions) {
    this.#options = options
  }

  get pollers(): number {
    return this.#members.length
  }

  /** All that have joined until now. */
  begin(): void {
    for (const member of this.#members) member.begin()
  }

  async join(): Promise<PollerMember | undefined> {
    const { mapping, source } = this.#options
    const { consumerGroupId: groupId, topics, startingPosition, startingPositions } = mapping
    const starts = { startingPosition, ...(startingPositions && { startingPositions }) }
    const member = await source.join({ groupId, topics, ...starts })
    if (this.#stopping.signal.aborted) {
      if (this.#killed) member.kill()
      else await member.close()
      return undefined
    }
    const joined = new PollerMember(member, this.#options, {
      stopping: this.#stopping.signal,
      killed: () => this.#killed,
      invoke: (payload) => this.#invoke(payload),
      report: (invocation) => this.#report(invocation),
      discard: (discarded) => this.#discard(discarded),
    })
    this.#members.push(joined)
    return joined
  }

  /** As many as the bounds ask for at first; how many partitions there are is known once the first has joined. */
  async joinUpTo({ minimum, maximum }: Scaling): Promise<void> {
    await this.join()
    const most = Math.min(minimum, maximum, Math.max(1, this.assigned().length))
    while (this.#members.length < most && !this.#stopping.signal.aborted) await this.join()
  }

  scale(scaling: Scaling): void {
    let invocations = 0
    const load = (): Load => {
      const idle = this.stats.invocations === invocations && this.stats.inFlight === 0
      invocations = this.stats.invocations
      const lag = this.#members.reduce((sum, { member }) => sum + member.lag(), 0)
      const { batchSize } = this.#options.mapping
      return { pollers: this.pollers, partitions: this.assigned().length, lag, batchSize, idle }
    }
    const { onScale, onError } = this.#options
    const tell = (): void => onScale?.(this.pollers)
    this.#scaling = keepScaled(scaling, {
      stopping: this.#stopping.signal,
      load,
      grow: async () => {
        const joined = await this.join()
        joined?.begin()
        tell()
      },
      shrink: () => this.#leave().then(tell),
      failed: (error) => onError?.(error),
    })
  }

  async #leave(): Promise<void> {
    const last = this.#members.at(-1)
    await last?.leave()
    this.#members = this.#members.filter((member) => member !== last)
  }

  assigned(): readonly TopicPartition[] {
    return this.#members.flatMap(({ member }) => member.assigned())
  }

  stopped(): readonly string[] {
    return this.#members.flatMap((member) => member.stopped())
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const members = this.#members
    const loops = Promise.all(members.map(({ ended }) => ended))
    const ended = new AbortController()
    await Promise.race([loops, this.#outOfPatience(ended.signal)])
    ended.abort()
    // This ends the epochs, and with them the commits that are still being tried.
    if (!this.#killed) await Promise.all(members.map(({ member }) => member.close()))
    await Promise.all([loops, this.#scaling])
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
    for (const { member } of this.#members) member.kill()
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
    await this.#options.onDiscard?.(discarded)
    this.stats.discarded += discarded.records.length
  }
}
