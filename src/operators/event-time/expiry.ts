// Which keys expire next, without going through all: a heap of what was noted, where what has changed since is skipped. It is made of the
// cells when it is first asked, and costs what expires.

import { canonicalKey } from '../../values/canonical-key.ts'
import type { Keyed } from '../cells.ts'

type Noted = readonly [at: number, text: string, key: unknown]

export class Expiry<E> {
  readonly #entries: () => Iterable<readonly [key: unknown, at: number | undefined]>
  readonly #atOf: (key: unknown) => number | undefined
  #heap: Noted[] | undefined

  /** @param atOf when an entry's next part expires; undefined: never */
  constructor(cells: Keyed<E>, atOf: (entry: E) => number | undefined) {
    this.#entries = function* () {
      for (const [key, entry] of cells) yield [key, atOf(entry)] as const
    }
    this.#atOf = (key) => {
      const entry = cells.get(key)
      return entry === undefined ? undefined : atOf(entry)
    }
  }

  /** Takes note that a key's entry has changed. */
  note(key: unknown): void {
    const at = this.#heap && this.#atOf(key)
    if (this.#heap && at !== undefined) push(this.#heap, [at, canonicalKey(key), key])
  }

  /** The least time at which anything expires. */
  first(): number | undefined {
    return this.#top()?.[0]
  }

  /** The keys that expire at or before `until`, in an order that depends on times and keys alone; each is noted anew if more of it is left. */
  take(until: number): unknown[] {
    const keys: unknown[] = []
    for (let top = this.#top(); top && top[0] <= until; top = this.#top()) {
      const [at, text] = top
      keys.push(top[2])
      const heap = this.#made()
      while (heap[0]?.[0] === at && heap[0][1] === text) pop(heap) // noted more than once
    }
    return keys
  }

  #top(): Noted | undefined {
    const heap = this.#made()
    for (let [top] = heap; top; [top] = heap) {
      if (this.#atOf(top[2]) === top[0]) return top
      pop(heap)
    }
    return undefined
  }

  #made(): Noted[] {
    if (!this.#heap) {
      this.#heap = []
      for (const [key, at] of this.#entries()) if (at !== undefined) this.#heap.push([at, canonicalKey(key), key])
      this.#heap.sort(compare) // which is a heap
    }
    return this.#heap
  }
}

function compare([a, x]: Noted, [b, y]: Noted): number {
  return a - b || (x < y ? -1 : x > y ? 1 : 0)
}

function push(heap: Noted[], one: Noted): void {
  let i = heap.push(one) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    const above = heap[parent]
    if (!above || compare(above, one) <= 0) break
    heap[i] = above
    i = parent
  }
  heap[i] = one
}

function pop(heap: Noted[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let i = 0
  for (;;) {
    const [left, right] = [heap[2 * i + 1], heap[2 * i + 2]]
    if (!left) break
    const next = right && compare(right, left) < 0 ? 2 * i + 2 : 2 * i + 1
    const below = heap[next]
    if (!below || compare(last, below) <= 0) break
    heap[i] = below
    i = next
  }
  heap[i] = last
}
