// One look-out per job: of all the instances whose partitions pass a batch time, one reads the others' logs (P queries
// for T, not P²). A short lease says which; it only saves work, the closing log's fence makes a wrong one harmless.

import type { JobSettings } from '../../graph/job.ts'
import { LOOKOUT_ROW } from '../../names/rows.ts'
import type { Environment } from '../environment.ts'
import { closedBy } from '../time.ts'

/** A task's frontier before and after a micro-batch. */
export interface FrontierMove {
  readonly frontierBefore: number
  readonly frontier: number
}

export class Lookout {
  readonly #job: string
  readonly #settings: JobSettings
  readonly #environment: Environment
  /** Who looks until when, as far as this instance knows. */
  #holder = ''
  #until = 0
  #lookedAt = 0

  constructor(job: string, settings: JobSettings, environment: Environment) {
    this.#job = job
    this.#settings = settings
    this.#environment = environment
  }

  /** Whether this instance should look, now that its tasks have committed and moved these frontiers. */
  async shouldLook(moves: readonly FrontierMove[], closedUntil: number): Promise<boolean> {
    const { batch } = this.#settings
    const reached = Math.max(0, ...moves.map(({ frontier }) => closedBy(frontier, batch)))
    if (reached <= closedUntil) return false
    const crossed = moves.some((m) => closedBy(m.frontier, batch) > closedBy(m.frontierBefore, batch))
    const now = this.#environment.clock.now()
    // Looked before, and somebody else held T up: again after a quarter of the interval, not at every commit.
    if (!crossed && now - this.#lookedAt < batch / 4) return false
    if (!(await this.#holdsLease(now))) return false
    this.#lookedAt = now
    return true
  }

  /** Holds, renews in the last third, or takes over the lease; costs nothing while it is clear who has it. */
  async #holdsLease(now: number): Promise<boolean> {
    const { table, instance } = this.#environment
    // Long enough to cost little, short enough that a holder that is gone does not hold up many batches.
    const length = Math.min(Math.max(2 * this.#settings.batch, 10_000), 60_000)
    const mine = this.#holder === instance
    if (now < this.#until - (mine ? length / 3 : 0)) return mine
    const row = await table.getRow(this.#job, LOOKOUT_ROW)
    this.#holder = String(row?.data.holder ?? '')
    this.#until = Number(row?.data.until ?? 0)
    // Nobody takes it for longer than `length`: one for years is of a clock that is years ahead, or damage.
    if (this.#until > now + 2 * length) this.#until = 0
    if (this.#holder !== instance && now < this.#until) return false
    const next = { rev: (row?.rev ?? 0) + 1, data: { holder: instance, until: now + length } }
    if ((await table.replaceRow(this.#job, LOOKOUT_ROW, next, row?.rev)) === 'conflict') return false
    this.#holder = instance
    this.#until = now + length
    return true
  }
}
