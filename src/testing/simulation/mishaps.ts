// What happens to a job beyond calls that fail: readers that take objects away, clocks seconds apart, wake-ups that come in
// crowds, much later, or in a function that dies of them, and topics that are made again with records as old as before.

import type { Fleet } from './fleet.ts'
import type { WakeUpQueue } from './queue.ts'
import type { Random } from './random.ts'
import type { Mishap } from './troubles.ts'
import type { World } from './world.ts'

/** Eighths of the time that logs are kept. */
const TROUBLE_ROUNDS = 12

const QUARTER = 900_000

/** DynamoDB deletes within about two days; clocks that differ make it early. */
const EARLIEST = 300_000
const LATEST = 48 * 3_600_000

export class Mishaps {
  readonly #world: World
  readonly #fleet: Fleet
  readonly #queue: WakeUpQueue
  readonly #kinds: ReadonlySet<Mishap>

  constructor(world: World, fleet: Fleet, queue: WakeUpQueue, kinds: readonly Mishap[]) {
    this.#world = world
    this.#fleet = fleet
    this.#queue = queue
    this.#kinds = new Set(kinds)
  }

  has(kind: Mishap): boolean {
    return this.#kinds.has(kind)
  }

  /** Some of them, between two steps. What goes on at the same time is handed to `launch`. */
  step(random: Random, launch: (work: Promise<unknown>) => void): void {
    // Drawn whatever may happen, so that one kind more changes nothing for the others.
    const [take, late, crowd, expire] = [
      random.chance(0.1),
      random.chance(0.05),
      random.chance(0.05),
      random.chance(0.1),
    ]
    if (take && this.has('objects taken away')) this.#takeAway(random)
    if (late && this.has('very late wake-ups')) this.#delay(random)
    if (crowd && this.has('many wake-ups')) for (const work of this.#crowd(random)) launch(work)
    if (expire && this.has('early expiry')) this.expire(random)
  }

  /** DynamoDB deletes what has expired, each item when it likes. */
  expire(random: Random): void {
    const { rawTable, now, coverage } = this.#world
    const at = now + random.pick([EARLIEST, 0, -random.int(0, LATEST)])
    const deleted = rawTable.deleteExpired(Math.floor(at / 1000), () => random.chance(0.7))
    if (deleted > 0) coverage.path('some expired entries deleted')
  }

  #takeAway(random: Random): void {
    const { monitor, taken, coverage, trace } = this.#world
    const there = [...monitor.shown].filter(([url]) => !taken.has(url))
    if (there.length === 0) return
    const [url, ref] = random.pick(there)
    coverage.path('an object taken away')
    trace?.tell(`a reader takes ${url} away`)
    void this.#world.takeAway(ref)
  }

  #delay(random: Random): void {
    const { wakeUps, coverage } = this.#world
    if (wakeUps.length === 0) return
    random.pick(wakeUps).due += QUARTER
    coverage.path('a wake-up late')
  }

  #crowd(random: Random): Promise<unknown>[] {
    const { wakeUps, coverage } = this.#world
    const all = [...wakeUps, ...random.some(wakeUps)].map((wakeUp) => [random.next(), wakeUp] as const)
    if (all.length > 0) coverage.path('wake-ups in a crowd')
    return all.sort(([a], [b]) => a - b).map(([, wakeUp]) => this.#queue.deliver(wakeUp, random))
  }

  /** Time goes by for longer than logs are kept. Events and wake-ups go on, whatever becomes of them, and what may expire does. */
  async longTrouble(random: Random, event: () => void): Promise<void> {
    const world = this.#world
    world.coverage.path('trouble for longer than logs are kept')
    world.trace?.tell('From here on much time goes by.')
    for (let round = 0; round < TROUBLE_ROUNDS; round++) {
      world.now += Math.ceil(world.job.settings.retention / 8)
      const due = world.wakeUps.filter((wakeUp) => wakeUp.due <= world.now)
      for (const wakeUp of due) await this.#queue.deliver(wakeUp, random)
      event()
      this.expire(random)
    }
  }

  /** Nobody brings the job back for longer than its logs are kept, before anything is sealed. */
  outage(random: Random): void {
    const world = this.#world
    const { retention } = world.job.settings
    this.#fleet.killAll()
    world.wakeUps.length = 0
    world.now += Math.ceil(retention * random.pick([0.9, 1.15, 3]))
    world.coverage.path('an outage for longer than logs are kept')
    world.trace?.tell('The stack is gone for a while, and wake-ups with it; logs expire.')
    world.expected = new Set(['LOG_LOST', 'LOG_GAP'])
    this.expire(random)
  }
}
