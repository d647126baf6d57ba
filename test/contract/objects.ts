// What the parts of the object stores' contract share.

import type { ObjectStore } from '../../src/stores/object-store.ts'

export interface ObjectStoreUnderTest {
  store: ObjectStore
  /** The same objects as another process would see them. */
  another(): ObjectStore
  bucket: string
}

/** The stores while the tests run; filled before the first of them. */
export interface OpenStores {
  store: ObjectStore
  other: ObjectStore
  bucket: string
}

export const bytes = (...values: number[]) => Uint8Array.from(values)

export const text = (value: string) => new TextEncoder().encode(value)

/** toEqual takes seconds for megabytes. */
export const sameBytes = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0

/** `Array.fromAsync`, which is not in our `lib` yet. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
