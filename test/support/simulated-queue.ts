// The queue of a job's wake-ups over a simulated clock, as SQS is: delays of 15 minutes at most, counted by the queue from when
// a message comes; at least once; a message whose function fails comes again.

import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import type { Waker } from '../../src/runtime/environment.ts'

const LONGEST_DELAY = 900_000

export interface QueuedMessage {
  readonly body: string
  /** The time for which it was armed. */
  readonly at: number
  /** When the queue brings it. */
  due: number
}

export class SimulatedQueue {
  readonly messages: QueuedMessage[] = []
  /** All that were ever sent. */
  sent = 0
  /** The most that were under way at once. */
  most = 0
  readonly #now: () => number
  readonly #late: () => number

  /** @param late by how much a message is late, milliseconds. */
  constructor(now: () => number, late: () => number = () => 0) {
    this.#now = now
    this.#late = late
  }

  /** What an instance sends through, whose clock is off by `skew`. */
  waker(skew = 0): Waker {
    return {
      arm: async (job, at, turn) => {
        const delay = Math.ceil(Math.max(0, at - this.#now() - skew) / 1000) * 1000
        const due = this.#now() + Math.min(LONGEST_DELAY, delay) + this.#late()
        this.messages.push({ body: wakeUpMessage(job, at, turn), at, due })
        this.sent++
        this.most = Math.max(this.most, this.messages.length)
      },
    }
  }

  get next(): QueuedMessage | undefined {
    return this.messages.toSorted((a, b) => a.due - b.due)[0]
  }

  /** The message was handled. */
  remove(message: QueuedMessage): void {
    const index = this.messages.indexOf(message)
    if (index >= 0) this.messages.splice(index, 1)
  }
}

export function queueEvent({ body }: QueuedMessage): unknown {
  return { Records: [{ eventSource: 'aws:sqs', body }] }
}
