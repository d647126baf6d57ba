// How many pollers a mapping has: few at first, more while they do not keep up, never more than there are partitions. Lambda
// looks at the offset lag once a minute and does not say where it draws the line; here it is drawn at a second batch waiting.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html

import { describeCause } from '../../errors/errors.ts'
import type { EventSourceMapping } from './mapping.ts'
import { pause } from './wakeable.ts'

export interface Scaling {
  readonly minimum: number
  readonly maximum: number
  /** Between two looks, milliseconds. */
  readonly everyMs: number
}

/** Provisioned pollers are said to take up spikes faster; how fast is not. */
const [ON_DEMAND_MS, PROVISIONED_MS] = [60_000, 10_000]

/** By the mode of the mapping: on demand one poller at first and as many as there are partitions, provisioned within its bounds. */
export function scalingOf({ provisioned }: EventSourceMapping): Scaling {
  if (!provisioned) return { minimum: 1, maximum: Number.POSITIVE_INFINITY, everyMs: ON_DEMAND_MS }
  return { minimum: provisioned.minimum, maximum: provisioned.maximum, everyMs: PROVISIONED_MS }
}

export interface Load {
  readonly pollers: number
  readonly partitions: number
  /** Records that wait. */
  readonly lag: number
  readonly batchSize: number
  /** Nothing was delivered since the last look. */
  readonly idle: boolean
}

/** How many pollers there should be: one more, one less, or as it is. */
export function pollersFor({ minimum, maximum }: Scaling, load: Load): number {
  const most = Math.max(1, Math.min(maximum, load.partitions))
  const least = Math.min(minimum, most)
  const wanted =
    load.lag > load.batchSize * load.pollers
      ? load.pollers + 1
      : load.idle && load.lag === 0
        ? load.pollers - 1
        : load.pollers
  return Math.min(most, Math.max(least, wanted))
}

export interface Scaled {
  readonly stopping: AbortSignal
  readonly load: () => Load
  /** One poller more: the group is rebalanced, as whenever somebody comes or goes. */
  readonly grow: () => Promise<void>
  readonly shrink: () => Promise<void>
  readonly failed: (error: Error) => void
}

/** Looks at the load now and then, until it is stopped. */
export async function keepScaled(scaling: Scaling, { stopping, load, grow, shrink, failed }: Scaled): Promise<void> {
  for (;;) {
    await pause(scaling.everyMs, stopping)
    if (stopping.aborted) return
    const now = load()
    // In the middle of a rebalance nobody has any.
    if (now.partitions === 0) continue
    const wanted = pollersFor(scaling, now)
    try {
      if (wanted > now.pollers) await grow()
      else if (wanted < now.pollers) await shrink()
    } catch (error) {
      failed(error instanceof Error ? error : new Error(describeCause(error)))
    }
  }
}
