// What a poller is told, and what it counts.

import type { FunctionInvoker } from '../invoker/invoker.ts'
import type { Backoff, Discarded, InvocationReport } from './deliver.ts'
import type { EventSourceMapping } from './mapping.ts'
import type { Scaling } from './scaling.ts'
import type { TopicSource } from './topic-source.ts'

export interface PollerOptions {
  readonly mapping: EventSourceMapping
  readonly source: TopicSource
  /** Stays the caller's: the poller does not close it, nor the source. */
  readonly invoker: FunctionInvoker
  /** Members of the consumer group; default 1. Or between two bounds, by the load: `scalingOf(mapping)` has those of its mode. */
  readonly pollers?: number | Scaling
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
  /** There are more pollers now, or fewer. */
  readonly onScale?: (pollers: number) => void
  /** Stops the poller when it aborts. */
  readonly signal?: AbortSignal
}

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
