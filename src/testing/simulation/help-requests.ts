// Requests for help with buckets on their way through the queue, which delivers each at once, later, twice, or never.

import type { Share } from '../../runtime/side-by-side/share.ts'
import { derivedRandom, type Random } from './random.ts'
import type { World } from './world.ts'

/** The stream of random numbers that decides about requests; those of simulation.ts are 1 to 3. */
const HELP = 4

export class HelpRequests {
  readonly #seed: number
  readonly #world: World
  readonly #deliver: (share: Share, random: Random) => void
  /** Those that are not delivered yet. */
  readonly #late: Share[] = []
  #asked = 0

  constructor(seed: number, world: World, deliver: (share: Share, random: Random) => void) {
    this.#seed = seed
    this.#world = world
    this.#deliver = deliver
    world.onAsk = (share) => this.#ask(share)
  }

  deliverLate(random: Random, probability: number): void {
    if (this.#late.length === 0) return
    const [now, later] = [[] as Share[], [] as Share[]]
    for (const share of this.#late.splice(0)) (random.chance(probability) ? now : later).push(share)
    this.#late.push(...later)
    for (const share of now) {
      this.#world.coverage.path('a request for help late')
      this.#deliver(share, random)
    }
  }

  #ask(share: Share): void {
    const random = derivedRandom(this.#seed, HELP, this.#asked++)
    const { coverage, trace } = this.#world
    const [lost, late, twice] = [random.chance(0.1), random.chance(0.2), random.chance(0.15)]
    if (lost) {
      coverage.path('a request for help lost')
      trace?.tell('the queue loses a request for help')
    } else if (late) this.#late.push(share)
    else this.#deliver(share, random)
    if (!twice) return
    coverage.path('a request for help delivered twice')
    if (random.chance(0.5)) this.#late.push(share)
    else this.#deliver(share, random)
  }
}
