import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { directoryObjects } from '../../src/stores/directory-objects.ts'
import { objectStoreContract } from '../contract/object-store.contract.ts'
import { collect } from '../contract/objects.ts'

const text = (value: string) => new TextEncoder().encode(value)

let temp: string
beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), 'millrace-objects-'))
})
afterAll(() => rm(temp, { recursive: true, force: true }))

objectStoreContract('directoryObjects', async () => {
  const root = join(temp, 'contract')
  return { store: directoryObjects(root), another: () => directoryObjects(root), bucket: 'results' }
})

describe('directoryObjects', () => {
  const open = async () => {
    const root = await mkdtemp(join(temp, 'root-'))
    return { root, store: directoryObjects(root) }
  }

  test('ordinary keys are ordinary paths', async () => {
    const { root, store } = await open()
    const key = 'hot-words-1700000005000/part-lines-0-00000000000000000042'
    await store.put({ bucket: 'results', key }, text("('a', 1)\n"))
    expect(await readFile(join(root, 'results', key), 'utf8')).toBe("('a', 1)\n")
  })

  test('files that people put there are objects; those that no key leads to are passed over', async () => {
    const { root, store } = await open()
    await store.put({ bucket: 'b', key: 'in/1.txt' }, text('1'))
    await writeFile(join(root, 'b', 'in', '2.txt'), '22')
    await writeFile(join(root, 'b', 'in', 'not%ours'), '333')
    expect(await collect(store.list('b', 'in/'))).toEqual([
      { key: 'in/1.txt', bytes: 1 },
      { key: 'in/2.txt', bytes: 2 },
    ])
  })

  test('no bucket reaches what is staged, or another bucket', async () => {
    const { store } = await open()
    const staged = await store.stage({ bucket: 'a', key: 'x' }, text('x'))
    await store.put({ bucket: 'a', key: 'b/c' }, text('1'))
    await store.put({ bucket: 'a/b', key: 'c' }, text('2'))
    for (const bucket of ['.staging', '.', '..', '']) {
      expect(await collect(store.list(bucket, ''))).toEqual([])
    }
    expect(await store.get({ bucket: '.staging', key: staged.token })).toBeUndefined()
    expect(await store.get({ bucket: 'a', key: `../.staging/${staged.token}` })).toBeUndefined()
    expect(await store.get({ bucket: 'a', key: 'b/c' })).toEqual(text('1'))
    expect(await collect(store.list('a/b', ''))).toEqual([{ key: 'c', bytes: 1 }])
  })

  test('a token that somebody made up leads nowhere', async () => {
    const { root, store } = await open()
    await writeFile(join(root, 'secret'), 'secret')
    const ref = { bucket: 'b', key: 'x' }
    for (const token of ['../secret', '../../secret', '.', '', '/etc/passwd']) {
      await expect(store.complete({ ref, token, parts: [], bytes: 1 })).rejects.toMatchObject({
        code: 'STAGED_OBJECT_LOST',
      })
    }
    expect(await readFile(join(root, 'secret'), 'utf8')).toBe('secret')
  })

  test('keys that are the start of one another may be written at once', async () => {
    const { root, store } = await open()
    const other = directoryObjects(root)
    for (let round = 0; round < 20; round++) {
      const keys = ['a', 'a/b', 'a/b/c', 'a/b/c/d'].map((key) => `${round}/${key}`)
      await Promise.all(keys.map((key, i) => (i % 2 ? store : other).put({ bucket: 'b', key }, text(key))))
      for (const key of keys) expect(await store.get({ bucket: 'b', key }), key).toEqual(text(key))
    }
  })

  test('I3: while a process writes, and after it was killed doing so, there are whole objects only', async () => {
    const { root, store } = await open()
    const writer = fork(new URL('./directory-writer.ts', import.meta.url), [root], { execArgv: [] })
    const lookAround = async () => {
      const found = await collect(store.list('b', ''))
      for (const { key, bytes } of found) {
        expect(bytes).toBe(1_000_000)
        const body = await store.get({ bucket: 'b', key })
        expect(Buffer.compare(body ?? text(''), new Uint8Array(1_000_000).fill(body?.[0] ?? 0))).toBe(0)
      }
      return found.length
    }
    try {
      await once(writer, 'message')
      for (let i = 0; i < 20; i++) expect(await lookAround()).toBe(5)
    } finally {
      writer.kill('SIGKILL')
      await once(writer, 'exit')
    }
    expect(await lookAround()).toBe(5)
  })

  test('a full or forbidden directory is an error that names it', async () => {
    const { root } = await open()
    await writeFile(join(root, 'file'), '')
    const store = directoryObjects(join(root, 'file'))
    await expect(store.put({ bucket: 'b', key: 'k' }, text('x'))).rejects.toMatchObject({
      code: 'DIRECTORY_FAILED',
      message: expect.stringMatching(
        /Cannot put s3:\/\/b\/k in the directory .*file .*Check that it may be written to/,
      ),
    })
  })
})
