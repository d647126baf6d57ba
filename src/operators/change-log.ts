// What an operator changed since the stage last took it into a commit, in order.

import type { CellChange } from './bucket-operator.ts'

/** Collects changes. Values must be the operator's own: nobody may change them after they are given here. */
export class ChangeLog {
  #changes: CellChange[] = []

  set(cell: unknown, value: unknown): void {
    this.#changes.push({ cell, value, deleted: false })
  }

  delete(cell: unknown): void {
    this.#changes.push({ cell, value: undefined, deleted: true })
  }

  take(): CellChange[] {
    const taken = this.#changes
    this.#changes = []
    return taken
  }
}
