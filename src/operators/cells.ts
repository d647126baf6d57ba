// What operators keep from batch to batch: declared once, by name and form, and with that kept, logged, saved, restored and
// migrated. A cell is `[name]`, `[name, time]` or `[name, key]`; a commit holds the changes of cells, a snapshot all of them.
//
// Values must be the operator's own: nobody may change them after they are given here (values/copy.ts). Keys are copied.

import { copy } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { asIs, type CellChange, type Collection, type Form, Loading, type Log, type Migrate } from './cell.ts'
import { TimedKeys } from './timed-keys.ts'

export type { CellChange, Form, Migrate } from './cell.ts'
export { plain } from './cell.ts'

/** What one operator keeps in one place. Cells come in the order in which they were declared. */
export class Cells {
  readonly #kind: string
  readonly #declared = new Map<unknown, Collection>()
  readonly #loading: Loading
  #changes: CellChange[] = []
  readonly #log: Log = (cell, value, deleted) => this.#changes.push({ cell, value, deleted })

  /** @param kind of the operator, for messages */
  constructor(kind: string) {
    this.#kind = kind
    this.#loading = new Loading(kind)
  }

  /** `[name]`: whether something has happened. */
  flag(name: string): Flag {
    return this.#declare(name, new Flag(name, this.#log))
  }

  /** `[name, time]`, in the order in which times were set. */
  timed<E>(name: string, form: Form<E>): Timed<E> {
    return this.#declare(name, new Timed(name, form, this.#log))
  }

  /** `[name, key]`, in the order in which keys were set: first, or last. */
  keyed<E>(name: string, form: Form<E>, order: 'first set' | 'last set' = 'first set'): Keyed<E> {
    return this.#declare(name, new Keyed(name, form, order, this.#log))
  }

  /** `[name, time, key]`, in the order in which times and then keys were first set. */
  timedKeys<E>(name: string, form: Form<E>): TimedKeys<E> {
    return this.#declare(name, new TimedKeys(name, form, this.#log))
  }

  #declare<C extends Collection>(name: string, collection: C): C {
    if (this.#declared.has(name)) throw new Error(`${this.#kind}: two cells are called '${name}'`)
    this.#declared.set(name, collection)
    return collection
  }

  /** What changed since the last call, in an order in which it can be applied again. */
  takeChanges(): CellChange[] {
    const taken = this.#changes
    this.#changes = []
    return taken
  }

  /** All cells: what a snapshot holds. */
  *all(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const collection of this.#declared.values()) yield* collection.cells()
  }

  /**
   * Puts back a cell, from a snapshot or a change, for an operator that has run nothing yet.
   *
   * @param migrate makes what older code left into values of this code
   * @throws UnknownCellError for what the operator has not written
   */
  restore(change: CellChange, migrate: Migrate = asIs): void {
    const { cell } = change
    const loading = this.#loading
    loading.cell = cell
    loading.migrate = migrate
    const collection = Array.isArray(cell) ? this.#declared.get(cell[0]) : undefined
    if (Array.isArray(cell) && collection) collection.restore(cell, change, loading)
    else loading.refuse()
  }
}

export class Flag implements Collection {
  readonly #name: string
  readonly #log: Log
  #isSet = false

  constructor(name: string, log: Log) {
    this.#name = name
    this.#log = log
  }

  get isSet(): boolean {
    return this.#isSet
  }

  set(): void {
    this.#isSet = true
    this.#log([this.#name], true, false)
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    if (this.#isSet) yield [[this.#name], true]
  }

  restore(cell: readonly unknown[], { deleted }: CellChange, loading: Loading): void {
    if (cell.length !== 1) loading.refuse()
    this.#isSet = !deleted
  }
}

export class Timed<E> implements Collection {
  readonly #name: string
  readonly #form: Form<E>
  readonly #log: Log
  readonly #entries = new Map<number, E>()

  constructor(name: string, form: Form<E>, log: Log) {
    this.#name = name
    this.#form = form
    this.#log = log
  }

  get size(): number {
    return this.#entries.size
  }

  set(time: number, entry: E): void {
    this.#entries.set(time, entry)
    this.#log([this.#name, time], this.#form.save(entry), false)
  }

  delete(time: number): void {
    if (this.#entries.delete(time)) this.#log([this.#name, time], undefined, true)
  }

  values(): MapIterator<E> {
    return this.#entries.values()
  }

  [Symbol.iterator](): MapIterator<[time: number, entry: E]> {
    return this.#entries[Symbol.iterator]()
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const [time, entry] of this.#entries) yield [[this.#name, time], this.#form.save(entry)]
  }

  restore([, time, ...more]: readonly unknown[], { value, deleted }: CellChange, loading: Loading): void {
    if (typeof time !== 'number' || more.length > 0) loading.refuse()
    else if (deleted) this.#entries.delete(time)
    else this.#entries.set(time, this.#form.load(value, loading))
  }
}

export class Keyed<E> implements Collection {
  readonly #name: string
  readonly #form: Form<E>
  readonly #moves: boolean
  readonly #log: Log
  readonly #entries = new KeyMap<E>()
  #restored = false

  constructor(name: string, form: Form<E>, order: 'first set' | 'last set', log: Log) {
    this.#name = name
    this.#form = form
    this.#moves = order === 'last set'
    this.#log = log
  }

  /** @throws InvalidKeyError for a key that cannot be compared by value; so do the others that take a key. */
  get(key: unknown): E | undefined {
    return this.#entries.get(key)
  }

  has(key: unknown): boolean {
    return this.#entries.has(key)
  }

  set(key: unknown, entry: E): void {
    const own = copy(key)
    if (this.#moves) this.#entries.delete(own)
    this.#entries.set(own, entry)
    this.#log([this.#name, own], this.#form.save(entry), false)
  }

  delete(key: unknown): void {
    if (this.#entries.delete(key)) this.#log([this.#name, copy(key)], undefined, true)
  }

  values(): MapIterator<E> {
    return this.#entries.values()
  }

  [Symbol.iterator](): Generator<[key: unknown, entry: E], undefined> {
    return this.#entries[Symbol.iterator]()
  }

  /** Puts what was restored in order, if it is not: other code of the job may have kept another. */
  sortRestored(compare: (a: E, b: E) => number): void {
    if (!this.#restored) return
    this.#restored = false
    let last: E | undefined
    let inOrder = true
    for (const entry of this.#entries.values()) {
      inOrder &&= last === undefined || compare(last, entry) <= 0
      last = entry
    }
    if (inOrder) return
    const sorted = [...this.#entries].sort(([, a], [, b]) => compare(a, b))
    this.#entries.clear()
    for (const [key, entry] of sorted) this.#entries.set(key, entry)
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const [key, entry] of this.#entries) yield [[this.#name, key], this.#form.save(entry)]
  }

  restore(cell: readonly unknown[], { value, deleted }: CellChange, loading: Loading): void {
    if (cell.length !== 2) loading.refuse()
    const key = cell[1]
    if (this.#moves || deleted) this.#entries.delete(key)
    if (deleted) return
    loading.key = key
    this.#entries.set(key, this.#form.load(value, loading))
    this.#restored = true
  }
}
