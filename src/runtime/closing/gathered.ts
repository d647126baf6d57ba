// Work that is the same for many callers is done once for all that come before it begins: 2,000 partitions of a first event
// join by a handful of entries, each of which names all tasks, instead of by 2,000.

export class Gathered {
  #waiting: { readonly names: Set<string>; readonly done: Promise<void> } | undefined
  readonly #work: (begin: () => ReadonlySet<string>) => Promise<void>

  /** @param work calls `begin` when it begins, later than at once: from then on callers wait for the next. */
  constructor(work: (begin: () => ReadonlySet<string>) => Promise<void>) {
    this.#work = work
  }

  /** Resolves when work that began after this call is done for `name`. */
  add(name: string): Promise<void> {
    if (!this.#waiting) {
      const names = new Set<string>()
      const begin = (): ReadonlySet<string> => {
        this.#waiting = undefined
        return names
      }
      this.#waiting = { names, done: this.#work(begin) }
    }
    this.#waiting.names.add(name)
    return this.#waiting.done
  }
}
