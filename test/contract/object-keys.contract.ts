// What every ObjectStore promises about keys and listings (src/stores/object-store.ts).

import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compareUtf8 } from '../../src/stores/object-keys.ts'
import { bytes, collect, type OpenStores, text } from './objects.ts'

/** Keys that S3 takes and that file systems, URLs or XML take for something else. */
export const NASTY_KEYS = [
  '/',
  '//',
  'a//b',
  'a/',
  'a',
  'a/b',
  'a/b/c',
  '/a',
  '.hidden',
  'x/.y',
  '%',
  '%2F',
  '%25',
  'a%object',
  'a%more',
  '%empty',
  'a b+c',
  '?x=1&y=2',
  '#',
  '\\',
  '"<>|*:',
  'é',
  'e\u0301',
  '日本語/🚂',
  '\uffff',
  '__proto__',
  'constructor/prototype',
  `${'s'.repeat(300)}/${'t'.repeat(256)}`,
  '🚂'.repeat(100),
  'k'.repeat(1024),
]

/** Keys with segments that mean "here" and "up": S3 takes them, and HTTP clients and servers like to resolve them. */
export const DOT_KEYS = ['.', '..', './a', '../a', 'a/../b', 'a/./b', 'a/..', '..a', '...']

/** Keys that XML 1.0 cannot hold, or only changed. */
export const CONTROL_KEYS = ['a\u0001b', 'tab\tand\nnewline', '\u007f', '\u0085']

export function objectKeysContract(on: OpenStores): void {
  const list = (prefix: string) => collect(on.store.list(on.bucket, prefix))
  const keys = async (prefix: string) => (await list(prefix)).map(({ key }) => key)

  describe('keys', () => {
    /** Puts, gets, stages, lists and deletes objects of these keys all side by side. */
    const roundTrip = async (prefix: string, names: readonly string[]) => {
      const all = names.map((key) => prefix + key)
      for (const key of all) await on.store.put({ bucket: on.bucket, key }, text(`old ${key}`))
      for (const key of all) await on.store.complete(await on.store.stage({ bucket: on.bucket, key }, text(key)))
      for (const key of all)
        expect(await on.other.get({ bucket: on.bucket, key }), JSON.stringify(key)).toEqual(text(key))
      expect(await list(prefix)).toEqual(
        all.toSorted(compareUtf8).map((key) => ({ key, bytes: Buffer.byteLength(key) })),
      )
      for (const [i, key] of all.entries()) {
        await on.store.delete({ bucket: on.bucket, key })
        expect(await on.store.exists({ bucket: on.bucket, key }), JSON.stringify(key)).toBe(false)
        expect(await keys(prefix)).toEqual(all.slice(i + 1).sort(compareUtf8))
      }
    }
    const short = () => `${randomUUID().slice(0, 8)}/`

    test('nasty ones are each their own', async () => {
      const prefix = short()
      await roundTrip(
        prefix,
        NASTY_KEYS.map((key) => key.slice(0, 1024 - prefix.length)),
      )
    })

    test('dots are ordinary characters', async () => {
      await roundTrip(short(), DOT_KEYS)
    })

    test('controls are ordinary characters', async () => {
      await roundTrip(short(), CONTROL_KEYS)
    })

    test('an object stays when its key becomes the start of another, and the other way round', async () => {
      const prefix = short()
      const ref = (key: string) => ({ bucket: on.bucket, key: prefix + key })
      await on.store.put(ref('a'), text('first'))
      await on.store.put(ref('a/b/c'), text('below'))
      await on.store.put(ref('a/b'), text('between'))
      expect(await on.store.get(ref('a'))).toEqual(text('first'))
      await on.store.put(ref('a'), text('second'))
      expect(await on.other.get(ref('a'))).toEqual(text('second'))
      expect(await keys(prefix)).toEqual(['a', 'a/b', 'a/b/c'].map((key) => prefix + key))
      await on.store.delete(ref('a'))
      expect(await keys(prefix)).toEqual(['a/b', 'a/b/c'].map((key) => prefix + key))
    })

    test('what S3 has no way to hold is refused', async () => {
      for (const key of ['', 'k'.repeat(1025), 'é'.repeat(513), 'a\ud83d', '\ude82']) {
        const ref = { bucket: on.bucket, key }
        const refused = { code: 'INVALID_OPTION', message: expect.stringContaining('s3://') }
        await expect(on.store.put(ref, bytes())).rejects.toMatchObject(refused)
        await expect(on.store.stage(ref, bytes())).rejects.toMatchObject(refused)
        await expect(on.store.get(ref)).rejects.toMatchObject(refused)
      }
    })
  })

  describe('list', () => {
    test('prefixes are of keys, not of folders', async () => {
      const at = randomUUID()
      for (const key of ['a', 'ab', 'a/1', 'a/2', 'a-b/1', 'b/1'])
        await on.store.put({ bucket: on.bucket, key: `${at}/${key}` }, bytes(1))
      const found = async (prefix: string) => (await keys(`${at}/${prefix}`)).map((key) => key.slice(at.length + 1))
      expect(await found('')).toEqual(['a', 'a-b/1', 'a/1', 'a/2', 'ab', 'b/1'])
      expect(await found('a')).toEqual(['a', 'a-b/1', 'a/1', 'a/2', 'ab'])
      expect(await found('a/')).toEqual(['a/1', 'a/2'])
      expect(await found('a/1')).toEqual(['a/1'])
      expect(await found('a/1/')).toEqual([])
      expect(await found('c')).toEqual([])
    })

    test('2,500 keys come once each, in order', async () => {
      const at = randomUUID()
      const all = Array.from({ length: 2500 }, (_, i) => `${at}/T-${i % 7}/part-${i}`)
      const queue = all.values()
      const put = async () => {
        for (const key of queue) await on.store.put({ bucket: on.bucket, key }, bytes(1))
      }
      await Promise.all(Array.from({ length: 16 }, put))
      expect(await keys(`${at}/`)).toEqual(all.toSorted(compareUtf8))
      expect(await keys(`${at}/T-3/part-1`)).toEqual(
        all.filter((key) => key.startsWith(`${at}/T-3/part-1`)).sort(compareUtf8),
      )
    })

    test('the order is that of UTF-8 bytes, not of UTF-16 units', async () => {
      const at = randomUUID()
      const names = ['Z', 'a', 'é', '\ud7ff', '\ue000', '\uffee', '🚂']
      for (const key of names.toReversed()) await on.store.put({ bucket: on.bucket, key: `${at}/${key}` }, bytes(1))
      expect(await keys(`${at}/`)).toEqual(names.map((key) => `${at}/${key}`))
    })
  })
}
