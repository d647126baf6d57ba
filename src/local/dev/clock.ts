// The clock of a session: this machine's, and however far it was moved on. It never goes back, neither with the next session, or a job
// that has closed a batch would see records from before it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'

export class DevClock {
  readonly #file: string
  #ahead: number

  /** @param file keeps how far it was moved */
  constructor(file: string) {
    this.#file = file
    this.#ahead = readAhead(file)
  }

  /** Milliseconds. */
  get ahead(): number {
    return this.#ahead
  }

  now(): number {
    return Date.now() + this.#ahead
  }

  moveOn(milliseconds: number): void {
    this.#ahead += Math.max(0, milliseconds)
    writeFileSync(`${this.#file}.new`, String(this.#ahead))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

function readAhead(file: string): number {
  try {
    const ahead = Number(readFileSync(file, 'utf8'))
    return Number.isFinite(ahead) && ahead > 0 ? ahead : 0
  } catch {
    return 0
  }
}
