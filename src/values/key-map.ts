// A map whose keys are compared by value (DESIGN §3): `['a', 1]` finds what `['a', 1]` set, `'1'`, `1` and `1n` are three keys,
// NaN is one, -0 is 0. Primitives go straight to a native Map, which agrees on all of that. A composite key goes by its
// canonical text to one `Composite`, which stands for it in the same native Map: so one Map keeps the order of insertion of all
// keys, and no text of a composite can collide with a string of the user.

import { describeValue, InvalidKeyError } from '../errors/operator-errors.ts'
import { canonicalKey, isComposite } from './canonical-key.ts'

class Composite {
  readonly key: unknown
  constructor(key: unknown) {
    this.key = key
  }
}

const ABSENT = new Composite(undefined)

/** A map by the value of its keys, in order of insertion. Keys come back as they were first set. */
export class KeyMap<V> {
  readonly #entries = new Map<unknown, V>()
  readonly #composites = new Map<string, Composite>()

  /** @throws InvalidKeyError for a key that cannot be compared by value; so do the others that take a key. */
  get(key: unknown): V | undefined {
    return this.#entries.get(typeof key === 'string' ? key : this.#find(key))
  }

  has(key: unknown): boolean {
    return this.#entries.has(typeof key === 'string' ? key : this.#find(key))
  }

  set(key: unknown, value: V): this {
    this.#entries.set(typeof key === 'string' ? key : this.#findOrAdd(key), value)
    return this
  }

  delete(key: unknown): boolean {
    if (!isComposite(key)) return this.#entries.delete(primitive(key))
    const text = canonicalKey(key)
    const composite = this.#composites.get(text)
    if (composite === undefined) return false
    this.#composites.delete(text)
    return this.#entries.delete(composite)
  }

  clear(): void {
    this.#entries.clear()
    this.#composites.clear()
  }

  get size(): number {
    return this.#entries.size
  }

  *keys(): Generator<unknown, undefined> {
    for (const key of this.#entries.keys()) yield original(key)
  }

  values(): MapIterator<V> {
    return this.#entries.values()
  }

  *entries(): Generator<[key: unknown, value: V], undefined> {
    for (const [key, value] of this.#entries) yield [original(key), value]
  }

  [Symbol.iterator](): Generator<[key: unknown, value: V], undefined> {
    return this.entries()
  }

  #find(key: unknown): unknown {
    return isComposite(key) ? (this.#composites.get(canonicalKey(key)) ?? ABSENT) : primitive(key)
  }

  #findOrAdd(key: unknown): unknown {
    if (!isComposite(key)) return primitive(key)
    const text = canonicalKey(key)
    const known = this.#composites.get(text)
    if (known !== undefined) return known
    const composite = new Composite(key)
    this.#composites.set(text, composite)
    return composite
  }
}

function original(key: unknown): unknown {
  return key instanceof Composite ? key.key : key
}

function primitive(key: unknown): unknown {
  if (typeof key === 'function' || typeof key === 'symbol') throw new InvalidKeyError('key', describeValue(key))
  return key
}
