// What a job mirrors of its positions, held against the log as it grows: never ahead of what is committed, and in the end all of it.

import { partitionName } from '../../names/tasks.ts'
import type { PartitionOffset } from '../../sources/offset-store.ts'

/** Where a partition stands by the log. */
export type Committed = (at: PartitionOffset) => number | undefined

export class MirrorLedger {
  /** When something was written for the last time, or was to be. */
  lastAt = 0
  readonly #now: () => number
  readonly #committed: Committed
  readonly #violation: (what: string) => void
  /** By partition what was written last: that is what others see. */
  readonly #last = new Map<string, PartitionOffset>()

  constructor(now: () => number, committed: Committed, violation: (what: string) => void) {
    this.#now = now
    this.#committed = committed
    this.#violation = violation
  }

  /** Somebody is about to write, whatever comes of it. */
  begins(): void {
    this.lastAt = this.#now()
  }

  take(who: string, offsets: readonly PartitionOffset[]): void {
    for (const at of offsets) {
      const [name, committed] = [partitionName(at.topic, at.partition), this.#committed(at)]
      if (committed === undefined || at.offset > committed)
        this.#violation(`${who} mirrors ${name} at ${at.offset}, ahead of what is committed: ${committed}`)
      this.#last.set(name, at)
    }
  }

  /** That all has been mirrored, of the partitions that have anything. */
  checkRest(): void {
    for (const [name, at] of this.#last) {
      const committed = this.#committed(at)
      if (committed !== at.offset)
        this.#violation(`at rest ${name} is mirrored at ${at.offset} instead of ${committed}`)
    }
  }
}
