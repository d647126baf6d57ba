// The job's queue as far as wake-ups go: each comes when it is due, late, twice, not for a while, or out of order.

import { wakeUpMessage } from '../../lambda/sqs-waker.ts'
import { turns } from './faults.ts'
import type { Fleet } from './fleet.ts'
import type { Answer } from './process.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { WakeUp, World } from './world.ts'

export class WakeUpQueue {
  readonly #world: World
  readonly #scenario: Scenario
  readonly #fleet: Fleet
  /** Whether functions may die while they handle a wake-up. */
  kills = false
  readonly #delivered = new Set<WakeUp>()

  constructor(world: World, scenario: Scenario, fleet: Fleet) {
    this.#world = world
    this.#scenario = scenario
    this.#fleet = fleet
  }

  /** One of those that are due, if any is. */
  deliverDue(random: Random): Promise<Answer> | undefined {
    const world = this.#world
    const next = Math.min(...world.wakeUps.map(({ due }) => due))
    // Sometimes nothing arrives for so long that the next wake-up comes.
    if (this.#scenario.pace !== 'exact' && Number.isFinite(next) && random.chance(this.#scenario.quiet))
      world.now = Math.max(world.now, next)
    const due = world.wakeUps.filter((wakeUp) => wakeUp.due <= world.now)
    return due.length > 0 ? this.deliver(random.pick(due), random) : undefined
  }

  /** A message: gone when it was handled, and sometimes even then it comes once more. */
  async deliver(wakeUp: WakeUp, random: Random): Promise<Answer> {
    const { wakeUps, coverage } = this.#world
    const body = wakeUpMessage(this.#scenario.job.name, wakeUp.at, wakeUp.turn)
    if (this.#delivered.has(wakeUp)) coverage.path('a wake-up delivered twice')
    this.#delivered.add(wakeUp)
    const stays = random.chance(0.1)
    const process = this.#fleet.pick(random)
    const handled = process.invoke({ Records: [{ eventSource: 'aws:sqs', body }] })
    if (this.kills && random.chance(0.2)) {
      await turns(random.int(0, 300))
      coverage.path('a wake-up that killed')
      process.kill()
    }
    const answer = await handled
    const index = wakeUps.indexOf(wakeUp)
    if (index >= 0 && answer !== 'failed' && !stays) wakeUps.splice(index, 1)
    return answer
  }

  /** Some that the queue brings late, or not before peace comes. */
  holdUp(random: Random): void {
    const { wakeUps, coverage, trace, job } = this.#world
    if (wakeUps.length === 0) return
    const wakeUp = random.pick(wakeUps)
    const lost = random.chance(0.4)
    wakeUp.due = lost ? Number.POSITIVE_INFINITY : wakeUp.due + random.pick([1, 5, 30]) * job.settings.batch
    coverage.path(lost ? 'a wake-up lost for a while' : 'a wake-up late')
    trace?.tell(`the queue ${lost ? 'loses' : 'holds up'} the wake-up for ${wakeUp.at}`)
  }
}
