// What --reset deletes, and what it leaves.

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { resetFolder } from '../../../src/local/dev/reset.ts'
import { openFolder } from '../../../src/stores/folder-database.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reset-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = async (...names: string[]): Promise<void> => {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), '')
  }
}

it('refuses a folder that is not of Millrace, and deletes nothing', async () => {
  await put('package.json', 'dev/notes.txt', 'objects/x')
  await expect(resetFolder(folder)).rejects.toThrow(`${folder} has no millrace.db`)
  expect(await readdir(folder)).toEqual(['dev', 'objects', 'package.json'])
})

it('deletes what is its own, and leaves what else is there', async () => {
  openFolder(folder).close()
  await put('millrace.db-wal', 'objects/out/x', 'dev/clock', 'dev/id', 'dev/bundles/0123456789abcdef.mjs')
  await put('run/0123456789abcdef.mjs', 'run/0123456789abcdef.mjs.map')
  await put('package.json', 'src/words.ts', 'dev/notes.txt', 'millrace.db.md')
  await resetFolder(folder)
  expect(await readdir(folder)).toEqual(['dev', 'millrace.db.md', 'package.json', 'src'])
  expect(await readdir(join(folder, 'dev'))).toEqual(['notes.txt'])
})

it('passes over an empty folder', async () => {
  await resetFolder(folder)
  expect(await readdir(folder)).toEqual([])
})
