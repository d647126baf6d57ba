// One poller of a mapping: a member of the group that gathers a batch, delivers it, and begins again, until it is stopped.

import { describeCause } from '../../errors/errors.ts'
import { RecordTooLargeError } from '../../errors/stand-in-errors.ts'
import type { InvokeResult } from '../invoker/invoker.ts'
import { type Delivery, type Discarded, deliver, type InvocationReport } from './deliver.ts'
import { PAYLOAD_LIMIT } from './encode-event.ts'
import { type Batch, Gatherer, type Oversized } from './gather.ts'
import type { PollerOptions } from './poller-options.ts'
import { type GroupMember, partitionName } from './topic-source.ts'
import { pause } from './wakeable.ts'

/** What all pollers of a mapping have together. */
interface Together {
  readonly stopping: AbortSignal
  readonly killed: () => boolean
  readonly invoke: (payload: string | Uint8Array) => Promise<InvokeResult>
  readonly report: (invocation: InvocationReport) => void
  readonly discard: (discarded: Discarded) => Promise<void>
}

export class PollerMember {
  readonly member: GroupMember
  /** Resolves when the last batch is done, or given up because it was stopped. */
  ended: Promise<void> = Promise.resolve()
  readonly #options: PollerOptions
  readonly #together: Together
  readonly #leaving = new AbortController()
  readonly #stopping: AbortSignal
  /** Partitions that stopped, and in which epoch. */
  readonly #stopped = new Map<string, number>()

  constructor(member: GroupMember, options: PollerOptions, together: Together) {
    this.member = member
    this.#options = options
    this.#together = together
    this.#stopping = AbortSignal.any([together.stopping, this.#leaving.signal])
  }

  /** Once; apart from joining, since whoever joins next takes what is under way from those that have begun. */
  begin(): void {
    this.ended = this.#loop()
  }

  stopped(): string[] {
    return [...this.#stopped].filter(([, epoch]) => epoch === this.member.epoch).map(([name]) => name)
  }

  /** Finishes what is under way and leaves the group; the others go on. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    await this.ended
    await this.member.close()
  }

  async #loop(): Promise<void> {
    const { mapping, backoff = { initialMs: 100, maxMs: 10_000 }, payloadLimit = PAYLOAD_LIMIT } = this.#options
    const { member } = this
    const { killed, report, discard, invoke } = this.#together
    const gatherer = new Gatherer(mapping, member, payloadLimit)
    const invoker = { invoke, close: () => this.#options.invoker.close() }
    const delivery: Delivery = { mapping, member, invoker, backoff, stopping: this.#stopping, killed, report, discard }
    while (!this.#stopping.aborted) {
      let next: Batch | Oversized | undefined
      try {
        next = await gatherer.next(this.#stopping)
        if (!next || killed()) continue
        if ('oversized' in next) await this.#tooLarge(gatherer, next)
        else await deliver(delivery, next)
      } catch (error) {
        // A bug, or a callback that threw: say so and deliver these records again, never pass over them in silence.
        if (next) gatherer.rewind(next.epoch, 'oversized' in next ? [next.oversized] : next.records)
        this.#options.onError?.(error instanceof Error ? error : new Error(describeCause(error)))
        await pause(backoff.maxMs, this.#stopping)
      }
    }
  }

  async #tooLarge(gatherer: Gatherer, { oversized, bytes, epoch }: Oversized): Promise<void> {
    const { topic, partition, offset } = oversized
    const skip = this.#options.oversized === 'skip'
    const limit = this.#options.payloadLimit ?? PAYLOAD_LIMIT
    const error = new RecordTooLargeError(topic, partition, offset, bytes, limit, skip)
    this.#options.onError?.(error)
    if (skip) {
      const { code: errorType, message: errorMessage } = error
      const why = { errorType, errorMessage }
      await this.#together.discard({ reason: 'RecordTooLarge', records: [oversized], invocations: 0, error: why })
      await this.member.commit(epoch, [{ topic, partition, offset: offset + 1 }])
    } else {
      this.#stopped.set(partitionName(oversized), epoch)
      this.member.pause(oversized)
      gatherer.drop(partitionName(oversized))
    }
  }
}
