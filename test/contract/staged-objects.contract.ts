// What every ObjectStore promises about staged objects (src/stores/object-store.ts): the part that carries I3.

import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { StagedObject } from '../../src/stores/object-store.ts'
import { bytes, collect, type OpenStores, sameBytes, text } from './objects.ts'

export function stagedObjectsContract(on: OpenStores): void {
  /** A key below a prefix of this test's own. */
  const fresh = () => ({ bucket: on.bucket, key: `${randomUUID()}/part-0` })
  const list = (prefix: string, from = on.store) => collect(from.list(on.bucket, prefix))

  describe('I3: staged objects', () => {
    test('are seen by nobody until they are completed, and then whole', async () => {
      const ref = fresh()
      const staged = await on.store.stage(ref, text('committed'))
      for (const reader of [on.store, on.other]) {
        expect(await reader.get(ref)).toBeUndefined()
        expect(await reader.exists(ref)).toBe(false)
        expect(await list(ref.key.slice(0, 8), reader)).toEqual([])
      }
      await on.store.complete(staged)
      expect(await on.other.get(ref)).toEqual(text('committed'))
      expect(await list(ref.key, on.other)).toEqual([{ key: ref.key, bytes: 9 }])
    })

    test('survive in a commit record, and others may complete them, and again', async () => {
      const ref = fresh()
      const staged: StagedObject = JSON.parse(JSON.stringify(await on.store.stage(ref, text('x'))))
      await on.other.complete(staged)
      await on.store.complete(staged)
      await on.other.complete(staged)
      expect(await on.store.get(ref)).toEqual(text('x'))
    })

    test('may be completed by several at the same moment', async () => {
      for (let round = 0; round < 10; round++) {
        const ref = fresh()
        const staged = await on.store.stage(ref, text('x'))
        await Promise.all([on.other, on.store, on.other, on.store].map((one) => one.complete(staged)))
        expect(await on.store.get(ref)).toEqual(text('x'))
      }
    })

    test('leave what has the name alone until they are completed', async () => {
      const ref = fresh()
      await on.store.put(ref, text('old'))
      const staged = await on.store.stage(ref, text('new'))
      expect(await on.store.get(ref)).toEqual(text('old'))
      await on.store.complete(staged)
      expect(await on.store.get(ref)).toEqual(text('new'))
    })

    test('are independent of one another under one name', async () => {
      const ref = fresh()
      const [a, b] = [await on.store.stage(ref, text('a')), await on.store.stage(ref, text('b'))]
      expect(a.token).not.toBe(b.token)
      await on.store.complete(b)
      expect(await on.store.get(ref)).toEqual(text('b'))
      await on.store.abort(a)
      expect(await on.store.get(ref)).toEqual(text('b'))
    })

    test('I7: aborted ones cannot be completed, by a named error', async () => {
      const ref = fresh()
      const staged = await on.store.stage(ref, text('x'))
      await on.store.abort(staged)
      await on.other.abort(staged)
      await expect(on.store.complete(staged)).rejects.toMatchObject({
        code: 'STAGED_OBJECT_LOST',
        staged,
        message: expect.stringContaining(`s3://${on.bucket}/${ref.key}`),
      })
      expect(await on.store.get(ref)).toBeUndefined()
      expect(await list(ref.key)).toEqual([])
    })

    test('an abort after completion takes nothing away', async () => {
      const ref = fresh()
      const staged = await on.store.stage(ref, text('x'))
      await on.store.complete(staged)
      await on.store.abort(staged)
      expect(await on.store.get(ref)).toEqual(text('x'))
    })

    test('may be empty', async () => {
      const ref = fresh()
      await on.store.complete(await on.store.stage(ref, bytes()))
      expect(await on.store.get(ref)).toEqual(bytes())
    })

    test('may be large: 20 MB, in the order of its bytes', async () => {
      const ref = fresh()
      const body = Uint8Array.from({ length: 20_000_000 }, (_, i) => (i / 65_536) & 255)
      const staged = await on.store.stage(ref, body)
      expect(staged.bytes).toBe(20_000_000)
      expect(await on.store.exists(ref)).toBe(false)
      await on.other.complete(staged)
      expect(sameBytes(await on.store.get(ref), body)).toBe(true)
    })
  })
}
