// Cells by time and key, `[name, time, key]`: what belongs to one time goes at once, as `[name, time]`.

import { copy } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import type { CellChange, Collection, Form, Loading, Log } from './cell.ts'

export class TimedKeys<E> implements Collection {
  readonly #name: string
  readonly #form: Form<E>
  readonly #log: Log
  readonly #times = new Map<number, KeyMap<E>>()

  constructor(name: string, form: Form<E>, log: Log) {
    this.#name = name
    this.#form = form
    this.#log = log
  }

  /** @throws InvalidKeyError for a key that cannot be compared by value; so does `set`. */
  get(time: number, key: unknown): E | undefined {
    return this.#times.get(time)?.get(key)
  }

  set(time: number, key: unknown, entry: E): void {
    const own = copy(key)
    this.#at(time).set(own, entry)
    this.#log([this.#name, time, own], this.#form.save(entry), false)
  }

  deleteAll(time: number): void {
    if (this.#times.delete(time)) this.#log([this.#name, time], undefined, true)
  }

  /** In the order in which they were first set. */
  times(): MapIterator<number> {
    return this.#times.keys()
  }

  /** Of one time, in the order in which keys were first set. */
  at(time: number): Iterable<[key: unknown, entry: E]> {
    return this.#times.get(time) ?? []
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const [time, keys] of this.#times) {
      for (const [key, entry] of keys) yield [[this.#name, time, key], this.#form.save(entry)]
    }
  }

  restore(cell: readonly unknown[], { value, deleted }: CellChange, loading: Loading): void {
    const [, time, key] = cell
    if (typeof time !== 'number' || cell.length > 3 || (cell.length === 3) === deleted) loading.refuse()
    if (deleted) this.#times.delete(time)
    else {
      loading.key = key
      this.#at(time).set(key, this.#form.load(value, loading))
    }
  }

  #at(time: number): KeyMap<E> {
    const known = this.#times.get(time)
    if (known) return known
    const keys = new KeyMap<E>()
    this.#times.set(time, keys)
    return keys
  }
}
