// The cache folder: what is downloaded once per machine (jars, Python environments), outside the repository. Several
// first starts at the same moment do not collide: one of them installs, the others wait for it.

import { createHash, randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { bornAt, until } from './process.ts'

/** `MILLRACE_CACHE`, or `millrace` in the user's cache folder (XDG Base Directory specification). */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.MILLRACE_CACHE || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'millrace')
}

/** A short name for the inputs of an installation, so that a change of any of them installs anew, beside the old. */
export function fingerprint(...inputs: string[]): string {
  return createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 10)
}

/**
 * The folder `name` in the cache, filled by `install` the first time. It is filled in place, not moved there, because
 * Python environments and Java's class archives hold their own path; a half-filled one is thrown away.
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name)
  const done = join(folder, '.installed')
  if (await exists(done)) return folder
  await withLock(folder, async () => {
    if (await exists(done)) return
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder)
    await install(folder)
    await writeFile(done, '')
  })
  return folder
}

/** Does the work while no other process does any under the same path; `<path>.lock` says who does. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true })
  const unlock = await lock(`${path}.lock`)
  try {
    return await work()
  } finally {
    unlock()
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Ten minutes: the longest installation takes about one on a slow line, and whoever waits should not wait for ever. */
const LONGEST_INSTALL = 600_000

async function lock(path: string): Promise<() => void> {
  const id = randomUUID()
  const mine = `${process.pid} ${bornAt(process.pid)} ${id}`
  const draft = `${path}.${id}`
  writeFileSync(draft, mine)
  try {
    await until(() => tryLock(path, draft), LONGEST_INSTALL, `lock ${path}`)
  } finally {
    rmSync(draft, { force: true })
  }
  return () => rmSync(path, { force: true })
}

/** link(2) puts a lock there whole or not at all. A lock whose owner is gone is moved aside, so only one waiter gets it. */
function tryLock(path: string, draft: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch {
    const owner = readOwner(path)
    if (owner === undefined || ownerLives(owner)) return false
    const aside = `${draft}.stale`
    try {
      renameSync(path, aside)
      // Somebody was faster and this is the new owner's lock: put it back.
      if (readOwner(aside) !== owner) linkSync(aside, path)
    } catch {
      // another waiter moved it first
    }
    rmSync(aside, { force: true })
    return false
  }
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function ownerLives(owner: string): boolean {
  const [pid, born] = owner.split(' ')
  return bornAt(Number(pid)) === born
}
