// What every ObjectStore promises (src/stores/object-store.ts), run on each implementation: in memory, a directory, the emulators.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { objectKeysContract } from './object-keys.contract.ts'
import { bytes, collect, type ObjectStoreUnderTest, type OpenStores, sameBytes, text } from './objects.ts'
import { stagedObjectsContract } from './staged-objects.contract.ts'

export function objectStoreContract(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(name, () => {
    // Tests are declared before there is a store: `beforeAll` fills this in.
    const none = memoryObjects()
    const on: OpenStores = { store: none, other: none, bucket: '' }
    beforeAll(async () => {
      const { store, another, bucket } = await make()
      Object.assign(on, { store, other: another(), bucket })
    })
    afterAll(() => {
      on.store.close()
      on.other.close()
    })

    wholeObjectsContract(on)
    stagedObjectsContract(on)
    objectKeysContract(on)
  })
}

function wholeObjectsContract(on: OpenStores): void {
  /** A key below a prefix of this test's own. */
  const fresh = () => ({ bucket: on.bucket, key: `${randomUUID()}/part-0` })
  const list = (prefix: string, from = on.store) => collect(from.list(on.bucket, prefix))

  describe('whole objects', () => {
    test('what was put can be got, seen and listed, by others too', async () => {
      const ref = fresh()
      await on.store.put(ref, text('hello'))
      for (const reader of [on.store, on.other]) {
        expect(await reader.get(ref)).toEqual(text('hello'))
        expect(await reader.exists(ref)).toBe(true)
        expect(await list(ref.key, reader)).toEqual([{ key: ref.key, bytes: 5 }])
      }
    })

    test('what is not there is undefined, false, nothing', async () => {
      const ref = fresh()
      expect(await on.store.get(ref)).toBeUndefined()
      expect(await on.store.exists(ref)).toBe(false)
      expect(await list(ref.key)).toEqual([])
      await on.store.delete(ref)
    })

    test('putting again replaces it, also by something shorter', async () => {
      const ref = fresh()
      await on.store.put(ref, text('a longer text'))
      await on.store.put(ref, text('short'), { contentType: 'text/plain' })
      await on.store.put(ref, text('short'))
      expect(await on.store.get(ref)).toEqual(text('short'))
      expect(await list(ref.key)).toEqual([{ key: ref.key, bytes: 5 }])
    })

    test('delete removes it, and again changes nothing', async () => {
      const ref = fresh()
      await on.store.put(ref, text('x'))
      await on.store.delete(ref)
      await on.store.delete(ref)
      expect(await on.store.get(ref)).toBeUndefined()
      expect(await on.store.exists(ref)).toBe(false)
      expect(await list(ref.key)).toEqual([])
    })

    test('an empty object is an object', async () => {
      const ref = fresh()
      await on.store.put(ref, bytes())
      expect(await on.store.get(ref)).toEqual(bytes())
      expect(await on.store.exists(ref)).toBe(true)
      expect(await list(ref.key)).toEqual([{ key: ref.key, bytes: 0 }])
    })

    test('bytes are opaque, and the store’s own', async () => {
      const ref = fresh()
      const body = Uint8Array.from({ length: 258 }, (_, i) => i & 255)
      await on.store.put(ref, body.subarray(1, 257))
      body.fill(0)
      const got = await on.store.get(ref)
      expect(got).toEqual(Uint8Array.from({ length: 256 }, (_, i) => (i + 1) & 255))
      got?.fill(0)
      expect((await on.store.get(ref))?.[0]).toBe(1)
    })

    test('a large one is whole', async () => {
      const ref = fresh()
      const body = Uint8Array.from({ length: 20_000_001 }, (_, i) => (i * 31) & 255)
      await on.store.put(ref, body)
      expect(sameBytes(await on.other.get(ref), body)).toBe(true)
    })
  })
}
