import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cacheFolder, fingerprint, installOnce } from '../../infra/cache.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cache-test-'))
  vi.stubEnv('MILLRACE_CACHE', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  [{ MILLRACE_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
  [{ XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/millrace'],
  [{ MILLRACE_CACHE: '', XDG_CACHE_HOME: '', HOME: '/c' }, '/c/.cache/millrace'],
])('with %o the cache is %s', (env, path) => {
  expect(cacheFolder(env)).toBe(path)
})

test('a fingerprint tells inputs apart, and where one ends', () => {
  expect(fingerprint('ab', 'c')).toBe(fingerprint('ab', 'c'))
  expect(fingerprint('ab', 'c')).not.toBe(fingerprint('a', 'bc'))
})

test('first starts at the same moment install once, in one process or in several', async () => {
  const log = join(folder, 'log')
  const install = async () => writeFile(log, 'here\n', { flag: 'a' })
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, [fileURLToPath(new URL('fixtures/installer.ts', import.meta.url)), log], {
      stdio: 'inherit',
    }),
  )
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all([installOnce('thing', install), installOnce('thing', install), installOnce('thing', install)])
  for (const end of ends) expect(await end).toEqual([0, null])
  expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(1)
  expect((await readdir(folder)).sort()).toEqual(['log', 'thing'])
})

test('an installation that failed is done again from an empty folder', async () => {
  const fails = installOnce('thing', async (path) => {
    await writeFile(join(path, 'half'), '')
    throw new Error('no network')
  })
  await expect(fails).rejects.toThrow('no network')
  const path = await installOnce('thing', (target) => writeFile(join(target, 'whole'), ''))
  expect((await readdir(path)).sort()).toEqual(['.installed', 'whole'])
})

test('the lock of somebody who has died is taken over', async () => {
  await writeFile(join(folder, 'thing.lock'), '999999999 long-ago x')
  await Promise.all([1, 2, 3].map(() => installOnce('thing', async () => undefined)))
  expect(await readdir(folder)).toEqual(['thing'])
})
