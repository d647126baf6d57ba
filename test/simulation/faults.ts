// What can go wrong with one call to a service. Every I/O of every simulated process passes through `Faults.around`.

import { ServiceError } from '../../src/errors.ts'
import type { Random } from './random.ts'

export const FAULTS = [
  'crash-before', // the process dies before the call
  'crash-after', // the call is done, then the process dies
  'refused', // the call is not done, and an error says so
  'lost-answer', // the call is done, and an error comes back
  'late', // an error comes back, and the call is done some time later
  'own-conflict', // a conditional write is done, and its retry inside the SDK sees it and answers 'conflict'
  'stall-before', // the process hangs for long before the call: a zombie
  'stall-after', // the same, after it
] as const

export type Fault = (typeof FAULTS)[number]

/** The process that makes a call. */
export interface Caller {
  readonly name: string
  readonly alive: boolean
  kill(): void
  /** Called when a call hangs; whoever waits for the process may give up. */
  hang(): void
}

export const INJECTED = 'INJECTED'

/** Lets `count` microtasks pass: simulated time that belongs to others. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined
}

export class Faults {
  enabled = true
  /** Gets a line for every call: who, what, and what went wrong. */
  trace: ((line: string) => void) | undefined
  /** How many faults of each kind have happened, so that a test can tell that it tested something. */
  readonly counts = new Map<Fault, number>()
  readonly #random: Random
  readonly #kinds: readonly Fault[]
  readonly #probability: number
  /** Hanging calls, and calls that will be done late. */
  #parked: (() => void)[] = []

  constructor(random: Random, kinds: readonly Fault[], probability: number) {
    this.#random = random
    this.#kinds = kinds
    this.#probability = probability
  }

  /** Lets hanging and late calls go on: each with this probability. */
  release(probability: number): void {
    const [released, kept] = [[] as (() => void)[], [] as (() => void)[]]
    for (const go of this.#parked) (this.#random.chance(probability) ? released : kept).push(go)
    this.#parked = kept
    for (const go of released) go()
  }

  /** Does `work` for a caller, or not, or not quite. `retried`: what a conditional write answers when it meets itself. */
  async around<T>(caller: Caller, operation: string, work: () => Promise<T>, retried?: (answer: T) => T): Promise<T> {
    if (!caller.alive) return never()
    await turns(this.#latency())
    // What is on its way to the service when its sender dies may arrive or not.
    if (!caller.alive && this.#random.chance(0.5)) return never()
    const fault = this.#next(operation, retried !== undefined)
    this.trace?.(`${caller.name} ${operation} ${fault ?? ''}`)
    switch (fault) {
      case 'crash-before':
        caller.kill()
        return never()
      case 'refused':
        throw injected(operation, 'refused')
      case 'late':
        this.#parked.push(() => void work().catch(() => undefined))
        throw injected(operation, 'late')
      case 'stall-before':
        await this.#park(caller)
        break
    }
    const answer = await work()
    if (typeof answer === 'string') this.trace?.(`${caller.name} ${operation}: ${answer}`)
    if (fault === 'crash-after') caller.kill()
    if (fault === 'lost-answer') throw injected(operation, 'answer lost')
    if (fault === 'stall-after') await this.#park(caller)
    await turns(this.#latency())
    if (!caller.alive) return never()
    return fault === 'own-conflict' && retried ? retried(answer) : answer
  }

  #next(operation: string, conditional: boolean): Fault | undefined {
    // What goes wrong around a commit is what matters most.
    const probability = operation.startsWith('append') ? 3 * this.#probability : this.#probability
    if (!this.enabled || this.#kinds.length === 0 || !this.#random.chance(probability)) return undefined
    const fault = this.#random.pick(this.#kinds)
    if (fault === 'own-conflict' && !conditional) return undefined
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
    return fault
  }

  async #park(caller: Caller): Promise<void> {
    if (!this.enabled) return
    caller.hang()
    return new Promise((resolve) => this.#parked.push(resolve))
  }

  #latency(): number {
    return this.#random.chance(0.05) ? this.#random.int(20, 200) : this.#random.int(0, 4)
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {})
}

function injected(operation: string, what: string): ServiceError {
  return new ServiceError(INJECTED, 'simulated', operation, `simulated: ${operation} ${what}`, {}, undefined)
}
