// What a bundle has in place of mnemonist's cache (6 KB), in which the AWS SDK keeps the endpoints that it has discovered.

/** The least recently used goes: a Map keeps the order in which keys were set. */
export default class LRUCache<K, V> {
  readonly #capacity: number
  readonly #kept = new Map<K, V>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(key: K): V | undefined {
    const value = this.#kept.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  peek(key: K): V | undefined {
    return this.#kept.get(key)
  }

  has(key: K): boolean {
    return this.#kept.has(key)
  }

  set(key: K, value: V): void {
    this.#kept.delete(key)
    this.#kept.set(key, value)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#capacity && oldest !== undefined) this.#kept.delete(oldest)
  }

  clear(): void {
    this.#kept.clear()
  }
}
