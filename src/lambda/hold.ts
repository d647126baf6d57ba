// A wake-up whose function dies comes again within a minute, not when the queue's visibility timeout is over (which must be
// as long as the function's, 15 minutes at most): the message is held for a minute at a time while it is worked on.

import { causeFacts } from '../errors/errors.ts'
import type { Environment } from '../runtime/environment.ts'

/** A message of the queue in one delivery. */
export interface Receipt {
  readonly handle: string
  /** How often it has been delivered, this time included. */
  readonly deliveries: number
}

const HELD_FOR_MS = 60_000

/** SQS gives a message up after 1,000 deliveries at most. One an hour long every minute, then every quarter of an hour: that is ten days. */
const EVERY_MINUTE = 60
const LATER_HELD_FOR_MS = 900_000

/** Works on a message. Whether the queue could be told makes no difference to the work. */
export async function holding<T>(
  { waker, later, log }: Environment,
  receipt: Receipt | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!receipt || !waker.hold) return work()
  const { hold } = waker
  let over = false
  let stop = (): void => {}
  const keep = async (): Promise<void> => {
    const length = receipt.deliveries > EVERY_MINUTE ? LATER_HELD_FOR_MS : HELD_FOR_MS
    // The timer first: an answer that does not come must not be the end of it.
    stop = later?.(length / 2, () => void keep()) ?? stop
    try {
      await hold(receipt.handle, length)
    } catch (error) {
      if (!over) log.warn({ ...causeFacts(error) }, 'could not hold a message of the queue: it may come twice, or late')
    }
  }
  const held = keep()
  try {
    return await work()
  } finally {
    over = true
    stop()
    await held
  }
}
