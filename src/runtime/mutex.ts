// One after the other within this process. Between processes the commit's condition does the same job.

/** Runs functions one at a time, in the order of the calls. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()
  #held = 0

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#held++
    const result = this.#last.then(work, work)
    const release = (): void => void this.#held--
    this.#last = result.then(release, release)
    return result
  }

  get held(): boolean {
    return this.#held > 0
  }

  /** Runs it unless somebody is at work. Who holds one mutex and wants another must not wait: they might wait for each other. */
  tryRun<T>(work: () => Promise<T>): Promise<T> | undefined {
    return this.#held === 0 ? this.run(work) : undefined
  }
}
