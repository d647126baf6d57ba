// Who moves time when nothing arrives: one wake-up per job and interval is under way, armed by a commit that leaves something
// open. A wake-up that finds nothing open arms nothing, so an idle job runs nothing (DESIGN §4). docs/decisions/051 has the rules.

import type { JobSettings } from '../graph/job.ts'
import type { BatchPartial } from '../log/commit-record.ts'
import { WAKE_ROW } from '../names/rows.ts'
import type { Environment } from './environment.ts'
import { Mutex } from './mutex.ts'
import { latest } from './time.ts'
import { type Armed, armedIn, covers, LONGEST_DELAY_MS, rowOf } from './wake-row.ts'

/** So that "silent for idleAfter" is over when the wake-up looks, whatever the clocks' rounding. */
const MARGIN_MS = 50

/** By how much the clocks of two instances may differ before memory of a wake-up that the other one armed misleads. */
const CLOCKS_DIFFER_BY_MS = 5000

/** How far this instance's own clock may be off: it counts the delay of its own messages, whatever time it shows. */
const CLOCK_IS_OFF_BY_MS = 250

/** When the batches that a commit touches can be closed at the latest: when silence counts, and not before their end. */
export function wakeTimeFor(partials: readonly BatchPartial[], now: number, { idleAfter }: JobSettings): number {
  return Math.max(now + idleAfter, latest(partials.map(({ time }) => time))) + MARGIN_MS
}

/** A wake-up that this instance knows to be under way, and whether it sent the message itself. */
type Known = Armed & { readonly own: boolean }

/** The job's wake-up, deduplicated by a row of the table. */
export class WakeUps {
  readonly #job: string
  readonly #environment: Environment
  #known: readonly Known[] = []
  readonly #mutex = new Mutex()

  constructor(job: string, environment: Environment) {
    this.#job = job
    this.#environment = environment
  }

  /**
   * Makes sure that a wake-up is under way. One that comes before `at` will do: it looks, and arms the next if something
   * is still open; one that comes later, for a timeout in an hour, will not. The message goes first and the row second: a crash in between costs a second wake-up, never the only one.
   *
   * @param fired the time of the wake-up that is being handled: it is over, even if this instance's clock is behind.
   */
  async ensure(at: number, fired = 0): Promise<void> {
    const now = Math.max(this.#environment.clock.now(), fired)
    const known = (): boolean => this.#known.some((one) => covers(one, at, now) && one.next > now + doubt(one, at, now))
    if (known()) return
    // Tasks of one invocation commit side by side; one of them arms for all.
    await this.#mutex.run(() => (known() ? Promise.resolve() : this.#arm(at, now)))
  }

  /**
   * Notes in the row that a wake-up is being handled, before anything is looked at: who commits later sees that it is not
   * under way any more, whatever the clocks say, and what was committed before will be seen by the look. Whoever armed it
   * may still have to write the row, and would say that it is under way: so the row changes in any case, and that conflicts.
   */
  async begin(fired: number): Promise<void> {
    const { table } = this.#environment
    for (;;) {
      const row = await table.getRow(this.#job, WAKE_ROW)
      const next = rowOf(row, armedIn(row, Number.NEGATIVE_INFINITY), fired)
      if ((await table.replaceRow(this.#job, WAKE_ROW, next, row?.rev)) === 'replaced') return
    }
  }

  /**
   * A queue may bring a wake-up before its time, because it cannot delay for longer (SQS: 15 minutes). It goes on until
   * it is due, unless another one makes it superfluous: of those that the row does not name, whatever has left them behind,
   * and of two that go on from one.
   *
   * @param turn which of the messages of this wake-up it is; undefined: it does not say.
   * @returns whether it was early.
   */
  async passOn(at: number, turn = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { table, clock } = this.#environment
    const now = clock.now()
    if (at - now <= 1000) return false
    const row = await table.getRow(this.#job, WAKE_ROW)
    const armed = armedIn(row, now)
    const named = armed.find((one) => one.at === at)
    if (named ? named.turn > turn : armed.some((one) => covers(one, at, now))) return true
    await this.#send(at, armed, row)
    return true
  }

  async #arm(at: number, now: number): Promise<void> {
    const row = await this.#environment.table.getRow(this.#job, WAKE_ROW)
    const armed = armedIn(row, now)
    // One that is nearly due would send everybody here again, with every commit.
    const found = armed.find((one) => covers(one, at, now) && one.at > now + doubt({ own: false }, at, now))
    if (found) this.#remember({ ...found, own: false }, now)
    else await this.#send(at, armed, row)
  }

  async #send(at: number, armed: readonly Armed[], row: Parameters<typeof rowOf>[0]): Promise<void> {
    const { table, waker, clock } = this.#environment
    const now = clock.now()
    const turn = (row?.rev ?? 0) + 1 // nobody has had it: the row changes with every message
    const sent = { at, turn, next: Math.min(at, now + LONGEST_DELAY_MS) }
    await waker.arm(this.#job, at, turn)
    // A lost race means that another instance armed one at the same moment: two, of which one will find nothing to do. What
    // the row does not name may be dropped by whoever gets it, so it is not remembered either.
    const next = rowOf(row, [sent, ...armed.filter((one) => one.at !== at)])
    if ((await table.replaceRow(this.#job, WAKE_ROW, next, row?.rev)) === 'replaced')
      this.#remember({ ...sent, own: true }, now)
  }

  #remember(one: Known, now: number): void {
    this.#known = [...this.#known.filter(({ at, next }) => at !== one.at && next > now), one]
  }
}

/**
 * How long before the queue brings a wake-up memory of it ends: it may have been handled by an instance whose clock is ahead,
 * or been given up for another one. The row knows. Half of the time that is left at most, or every commit would read it.
 */
function doubt({ own }: Pick<Known, 'own'>, at: number, now: number): number {
  return Math.min(own ? CLOCK_IS_OFF_BY_MS : CLOCKS_DIFFER_BY_MS, Math.max(0, at - now) / (own ? 4 : 2))
}
