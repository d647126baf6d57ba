// What `broadcast` gives: no stream, since it has no elements of its own, but something that `withBroadcast` reads beside one.

import type { StreamNode } from '../graph/nodes.ts'

/** What loads a broadcast, given the batch time. */
export type Load<V> = (time: number) => V | Promise<V>

/**
 * A value beside streams, the same for all that read it in one batch, whatever is retried. Spark: `Broadcast`.
 *
 * @example
 * function withoutBlocked(some: DStream<[string, number]>, blocked: Broadcast<Set<string>>) {
 *   return some.withBroadcast(blocked, (batch, shops) => batch.filter(([shop]) => !shops.has(shop)))
 * }
 */
export class Broadcast<V> {
  /** What loads it. */
  readonly load: Load<V>
  /** @internal */
  readonly node: StreamNode
  /** @internal */
  readonly registry: object
  /** @internal */
  readonly slide: number

  /** @internal Broadcasts come from streams. */
  constructor(load: Load<V>, node: StreamNode, registry: object, slide: number) {
    this.load = load
    this.node = node
    this.registry = registry
    this.slide = slide
  }
}
