// Runs listeners so that none of them harms a batch: each has a queue of its own and hears one event after the other, nobody waits for
// it but the end of the invocation, and that only for so long. What is thrown is logged.

import { causeFacts } from '../errors/errors.ts'
import type { EventName, Listener } from './listener.ts'

/** How long the end of an invocation waits: after its answer a function on Lambda stands still. */
export const PATIENCE_MS = 5000

/** Events that a listener may be behind, as with Spark's queues. One closing after a halt covers up to 1,000 batches, each with some events. */
export const MAX_BEHIND = 10_000

/** What it takes from where the job runs. */
export interface Surroundings {
  /** Calls back after so many milliseconds, unless it is called off by what it returns. */
  readonly later?: (milliseconds: number, action: () => void) => () => void
  readonly log: { warn(facts: Readonly<Record<string, unknown>>, message: string): void }
}

/** Calls the method of an event, if the listener has it. */
type Call = (listener: Listener) => unknown

export class Notifier {
  readonly #queues: readonly Queue[]
  readonly #around: Surroundings

  constructor(listeners: readonly Listener[], around: Surroundings) {
    this.#around = around
    this.#queues = listeners.map((listener, index) => new Queue(listener, index, around))
  }

  /** Returns at once: no listener has been called yet. */
  tell(event: EventName, call: Call): void {
    for (const queue of this.#queues) queue.add(event, call)
  }

  /** Resolves when all have heard everything, and when they have had their time. Who was left behind once is not waited for until it has caught up. */
  async settle(): Promise<void> {
    const busy = this.#queues.filter((queue) => queue.isAwaited)
    if (busy.length === 0) return
    let stop = (): void => {}
    const patience = new Promise<void>((resolve) => {
      stop = (this.#around.later ?? timer)(PATIENCE_MS, resolve)
    })
    await Promise.race([Promise.all(busy.map((queue) => queue.idle)), patience])
    stop()
    for (const queue of busy) queue.leaveBehind()
  }
}

export function timer(milliseconds: number, action: () => void): () => void {
  const timeout = setTimeout(action, milliseconds)
  return () => clearTimeout(timeout)
}

class Queue {
  readonly #listener: Listener
  readonly #index: number
  readonly #around: Surroundings
  #waiting: { readonly event: EventName; readonly call: Call }[] = []
  /** While any event is under way. */
  #busy: Promise<void> | undefined
  #event: EventName | undefined
  #behind = false
  #dropped = 0

  constructor(listener: Listener, index: number, around: Surroundings) {
    this.#listener = listener
    this.#index = index
    this.#around = around
  }

  get isAwaited(): boolean {
    return this.#busy !== undefined && !this.#behind
  }

  get idle(): Promise<void> | undefined {
    return this.#busy
  }

  add(event: EventName, call: Call): void {
    if (this.#listener[event] === undefined) return
    if (this.#waiting.length >= MAX_BEHIND) {
      if (this.#dropped++ === 0) this.#warn({ event }, 'a listener is too far behind: it misses events')
      return
    }
    this.#waiting.push({ event, call })
    this.#busy ??= this.#run()
  }

  leaveBehind(): void {
    if (!this.#busy) return
    this.#behind = true
    const facts = { event: this.#event, waiting: this.#waiting.length }
    this.#warn(
      facts,
      'a listener takes too long: the invocation ends without it, and the next ones do not wait for it until it has caught up',
    )
  }

  async #run(): Promise<void> {
    await Promise.resolve() // whoever tells is through first
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#event = next.event
      try {
        await next.call(this.#listener)
      } catch (error) {
        this.#warn({ event: next.event, ...causeFacts(error) }, 'a listener failed: nothing else is affected')
      }
    }
    if (this.#dropped > 0) this.#warn({ missed: this.#dropped }, 'a listener has caught up, and has missed events')
    this.#busy = undefined
    this.#behind = false
    this.#dropped = 0
  }

  #warn(facts: Readonly<Record<string, unknown>>, message: string): void {
    this.#around.log.warn({ listener: this.#index, ...facts }, message)
  }
}
