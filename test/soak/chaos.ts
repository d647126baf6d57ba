// What goes wrong, drawn from a seed. Light faults come all the time; heavy ones (brokers, leaders, pollers) one after the
// other, each when the jobs have got over the last one, so that a soak is many recoveries and not one long outage.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/testing/simulation/random.ts'

export const LIGHT = ['kill functions', 'freeze a function', 'spurious wake-up'] as const
export const HEAVY = [
  'kill a broker',
  'kill the database',
  'move leaders',
  'abandon a poller',
  'abandon a frozen poller',
  'add a poller',
  'dismiss a poller',
] as const

export type Mischief = (typeof LIGHT)[number] | (typeof HEAVY)[number]

/** What the soak can be made to suffer. Each draws what it needs, such as whom it hits, from the number it is given. */
export type Victims = Readonly<Record<Mischief, (draw: number) => Promise<void>>>

export interface ChaosOptions {
  readonly random: Random
  readonly victims: Victims
  /** Whether everything runs again and no partition is far behind. */
  readonly recovered: () => Promise<boolean>
  readonly onNote: (note: string) => void
}

/** After this long without a recovery the chaos goes on; the soak's own end says whether anything was lost. */
const RECOVERY_MS = 45_000

export class Chaos {
  readonly counts = new Map<Mischief, number>()
  /** How long the jobs took to get over a heavy fault, milliseconds. */
  readonly recoveries: number[] = []
  readonly #options: ChaosOptions
  readonly #stopping = new AbortController()
  #running: Promise<unknown> | undefined

  constructor(options: ChaosOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = Promise.all([this.#light(), this.#heavy()])
  }

  /** Ends with the fault that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #light(): Promise<void> {
    while (await this.#pause(this.#options.random.int(800, 4000))) {
      const dice = this.#options.random.next()
      await this.#do(dice < 0.7 ? 'kill functions' : dice < 0.85 ? 'freeze a function' : 'spurious wake-up')
    }
  }

  async #heavy(): Promise<void> {
    // Every kind in turn, in an order that is drawn anew each time: a short soak has all of them.
    for (let deck: Mischief[] = []; await this.#pause(this.#options.random.int(1000, 6000)); ) {
      if (deck.length === 0) deck = shuffled(HEAVY, this.#options.random)
      const started = performance.now()
      const next = deck.pop()
      if (next) {
        this.#options.onNote(next)
        await this.#do(next)
      }
      await this.#untilRecovered(started)
    }
  }

  async #do(mischief: Mischief): Promise<void> {
    this.counts.set(mischief, (this.counts.get(mischief) ?? 0) + 1)
    await this.#options.victims[mischief](this.#options.random.int(0, 1_000_000)).catch((error: unknown) => {
      this.#options.onNote(`${mischief} did not work: ${error}`)
    })
  }

  async #untilRecovered(started: number): Promise<void> {
    while (!this.#stopping.signal.aborted && performance.now() - started < RECOVERY_MS) {
      if (await this.#options.recovered().catch(() => false)) {
        this.recoveries.push(performance.now() - started)
        return
      }
      await sleep(500)
    }
  }

  /** False when it is time to stop. */
  async #pause(ms: number): Promise<boolean> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    return !this.#stopping.signal.aborted
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list]
  return list.flatMap(() => left.splice(random.int(0, left.length), 1))
}
