// What functions of `foreach` and `foreachPartition` have begun, and who waits for it: Spark's block, and code that came from there
// does not await. A promise that nobody waits for would let a batch count as done before it is.

import type { Partitions } from './partitions.ts'

/** Of a batch and all that are derived from it. */
export class Effects {
  readonly #running = new Set<Promise<unknown>>()

  /** @returns the same promise. That it fails is told by `settled`, also when nobody else looks. */
  begin<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined)
    this.#running.add(work)
    return work
  }

  get any(): boolean {
    return this.#running.size > 0
  }

  /** When all that was begun is done, also after one has failed: two tries must not run side by side. @throws what the first to fail has thrown */
  async settled(): Promise<void> {
    const results = await Promise.allSettled(this.#running)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }
}

/** One element after the other; from the first promise on each waits for the one before. */
export function forEach<T>(elements: readonly T[], f: (element: T) => unknown): Promise<void> | undefined {
  for (const [i, element] of elements.entries()) {
    const result = f(element)
    if (result instanceof Promise) return restAfter(result, elements.slice(i + 1), f)
  }
  return undefined
}

async function restAfter<T>(first: Promise<unknown>, rest: readonly T[], f: (element: T) => unknown): Promise<void> {
  await first
  for (const element of rest) await f(element)
}

/** All partitions at once. */
export function forEachPartition<T>(
  partitions: Partitions<T>,
  f: (elements: Iterable<T>) => unknown,
): Promise<void> | undefined {
  const promises = partitions.map((elements) => f(elements)).filter((result) => result instanceof Promise)
  return promises.length === 0 ? undefined : Promise.all(promises).then(() => undefined)
}
