import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareUtf8 } from '../../src/stores/object-keys.ts'
import { bucketToPath, directoryToPrefix, keyToPath, pathToKey } from '../../src/stores/object-paths.ts'
import { CONTROL_KEYS, DOT_KEYS, NASTY_KEYS } from '../contract/object-keys.contract.ts'

/** Strings of what keys are hard to tell apart by, mixed with any others. */
const hard = fc.oneof(
  fc.string({
    unit: fc.constantFrom('/', '.', '%', '2', 'E', 'a', '%empty', '%more', '%object', '\u0000', '🚂'),
    maxLength: 40,
  }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('.', '%', 'é', 'ab', '/'), minLength: 200, maxLength: 600 }),
)
const keys = hard.filter((key) => key !== '')

describe('keys of objects as paths', () => {
  test('every key comes back', () => {
    fc.assert(fc.property(keys, (key) => pathToKey(keyToPath(key)) === key))
    for (const key of [...NASTY_KEYS, ...DOT_KEYS, ...CONTROL_KEYS]) expect(pathToKey(keyToPath(key))).toBe(key)
  })

  test('every path can be a path: no name is empty, a dot, too long or holds a NUL', () => {
    fc.assert(
      fc.property(keys, (key) => {
        for (const name of keyToPath(key).split('/')) {
          expect(['', '.', '..']).not.toContain(name)
          expect(name).not.toContain('\0')
          expect(Buffer.byteLength(`${name}%object`)).toBeLessThanOrEqual(255)
        }
      }),
    )
  })

  test('below a directory are the keys with its prefix', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const names = keyToPath(key).split('/')
        for (let depth = 1; depth < names.length; depth++) {
          expect(key.startsWith(directoryToPrefix(names.slice(0, depth).join('/')))).toBe(true)
        }
      }),
    )
  })

  test('a path that no key has is none', () => {
    for (const path of ['a%', 'a%zz', 'a%2f', 'a%41', 'x%more', '%empty%more/a', '%2E', 'a%object%object']) {
      const key = pathToKey(path)
      if (key !== undefined) expect([keyToPath(key), `${keyToPath(key)}%object`]).toContain(path)
    }
    expect(pathToKey('a%41')).toBeUndefined()
    expect(pathToKey('a%2f')).toBeUndefined()
  })

  test('a bucket is one visible directory of its own', () => {
    fc.assert(
      fc.property(hard, hard, (a, b) => {
        const path = bucketToPath(a)
        expect(path.startsWith('.')).toBe(false)
        if (Buffer.byteLength(a) < 60) expect(path).not.toContain('/')
        expect(path === bucketToPath(b)).toBe(a === b)
      }),
    )
    expect(bucketToPath('my-results.eu')).toBe('my-results.eu')
  })
})

test('compareUtf8 is the order of UTF-8 bytes', () => {
  const wellFormed = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(wellFormed, wellFormed, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})
