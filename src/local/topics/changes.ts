// Notice of what other processes write to a folder. SQLite tells nobody; it has a number that changes (PRAGMA data_version), which
// costs some microseconds to ask for. It is asked for only while somebody listens.

import type { FolderDatabase } from '../../stores/folder-database.ts'

/** How often, milliseconds: what is produced elsewhere comes that much later, and an idle process uses below 1 % of a core. */
const INTERVAL_MS = 25

export class Changes {
  readonly #database: FolderDatabase
  readonly #listeners = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #version = 0
  #telling = false

  constructor(database: FolderDatabase) {
    this.#database = database
  }

  /** Calls `listener` after every change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#version = this.#database.version()
      this.#timer = setInterval(() => this.#look(), INTERVAL_MS)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** This process has changed something, which the number does not show. Listeners hear of it once the transaction is over. */
  tell(): void {
    if (this.#telling) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      for (const listener of [...this.#listeners]) listener()
    })
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Nobody waits for the timer, so an error has nowhere to go: whoever reads or writes meets it as well, and in words. */
  #look(): void {
    let version: number
    try {
      version = this.#database.version()
    } catch {
      return
    }
    if (version === this.#version) return
    this.#version = version
    this.tell()
  }
}
