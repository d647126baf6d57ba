// Waiting that can be cut short: for something to happen, for a time to pass, or for a signal to abort.

/** Something that others wait for. A wake-up that comes while nobody waits is not kept. */
export class Wakeable {
  readonly #waiting = new Set<() => void>()

  /** Ends every wait that is under way. */
  wake(): void {
    for (const end of this.#waiting) end()
  }

  /** Resolves at the next `wake`, after `ms` milliseconds, or when `signal` aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        this.#waiting.delete(end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal?.addEventListener('abort', end)
      this.#waiting.add(end)
    })
  }
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Wakeable().wait(ms, signal)
}
