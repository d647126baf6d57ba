// Who moves time when nothing arrives: at most one wake-up per job is under way, armed by a commit that leaves
// something open. A wake-up that finds nothing open arms nothing, so an idle job runs nothing (DESIGN §4).

import type { BatchPartial } from '../state/commit-record.ts'
import type { JobRows } from '../state/table.ts'
import type { JobSettings } from '../stream/job.ts'
import type { Environment } from './environment.ts'
import { Mutex } from './mutex.ts'
import { latest } from './time.ts'

/** So that "silent for idleAfter" is over when the wake-up looks, whatever the clocks' rounding. */
const MARGIN_MS = 50

/** By how much clocks of instances may differ before memory of a wake-up that is nearly due misleads. */
const CLOCKS_DIFFER_BY_MS = 250

/** A wake-up that comes this much later than asked for will do as well: not worth a second one. */
const SOON_MS = 1000

const ROW = 'wake'

/** When the batches that a commit touches can be closed at the latest: when silence counts, and not before their end. */
export function wakeTimeFor(partials: readonly BatchPartial[], now: number, { idleAfter }: JobSettings): number {
  return Math.max(now + idleAfter, latest(partials.map(({ time }) => time))) + MARGIN_MS
}

/** The job's wake-up, deduplicated by a row of the table. */
export class WakeUps {
  readonly #job: string
  readonly #environment: Environment
  /** The wake-up that this instance knows to be under way. */
  #armed = 0
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
    // One that is nearly due may have been handled already, by an instance whose clock is ahead: the row knows.
    const certain = now + Math.min(CLOCKS_DIFFER_BY_MS, Math.max(0, at - now) / 4)
    const covered = (): boolean => this.#armed > certain && this.#armed <= at + SOON_MS
    if (covered()) return
    // Tasks of one invocation commit side by side; one of them arms for all.
    await this.#mutex.run(() => (covered() ? Promise.resolve() : this.#arm(at, now)))
  }

  /**
   * Notes in the row that a wake-up is being handled, before anything is looked at: who commits later sees that it is not
   * under way any more, whatever the clocks say, and what was committed before will be seen by the look. Whoever armed it
   * may still have to write the row, and would say that it is under way: so the row changes in any case, and that conflicts.
   */
  async begin(fired: number): Promise<void> {
    const { table } = this.#environment
    for (;;) {
      const row = await table.getRow(this.#job, ROW)
      const at = Number(row?.data.at ?? 0)
      const data = row && at > fired ? row.data : { at: fired, fired }
      const next = { rev: (row?.rev ?? 0) + 1, data }
      if ((await table.replaceRow(this.#job, ROW, next, row?.rev)) === 'replaced') return
    }
  }

  /**
   * A queue may bring a wake-up before its time, because it cannot delay for longer (SQS: 15 minutes). It goes on as
   * it is until it is due; the row stays true. Whether it did.
   */
  async passOn(at: number): Promise<boolean> {
    if (at - this.#environment.clock.now() <= 1000) return false
    await this.#environment.waker.arm(this.#job, at)
    return true
  }

  async #arm(at: number, now: number): Promise<void> {
    const { table, waker } = this.#environment
    const row = await table.getRow(this.#job, ROW)
    const known = Number(row?.data.at ?? 0)
    if (known > now && known <= at + SOON_MS && row?.data.fired !== known) {
      this.#armed = known
      return
    }
    await waker.arm(this.#job, at)
    this.#armed = at
    const next = { rev: (row?.rev ?? 0) + 1, data: { at } }
    // A lost race means that another instance armed one at the same moment: two, of which one will find nothing to do.
    await table.replaceRow(this.#job, ROW, next, row?.rev)
  }
}

/** When the job's last armed wake-up is due, milliseconds; undefined when none was ever armed. */
export async function nextWakeUp(table: JobRows, job: string): Promise<number | undefined> {
  const row = await table.getRow(job, ROW)
  return row && Number(row.data.at)
}
