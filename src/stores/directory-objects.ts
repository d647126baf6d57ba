// Objects as files: `<root>/<bucket>/<key>`, for `millrace dev` and for tests. Other processes may work on the same directory.
//
// I3: bytes are written to `<root>/.staging` and get their name by one rename, so a file under a bucket is always whole,
// whenever the process is killed. Nothing is fsynced: what the kernel has, survives the process, and a machine that loses power
// is not what a directory is for (S3 is). What a killed process left in `.staging` may be deleted by hand once its job is healed.

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describeCause, MillraceError, ServiceError } from '../errors/errors.ts'
import { StagedObjectLostError } from '../errors/object-errors.ts'
import { checkObjectRef, compareUtf8 } from './object-keys.ts'
import { besideDirectory, bucketToPath, directoryToPrefix, keyToPath, pathToKey } from './object-paths.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from './object-store.ts'

const STAGING = '.staging'

/** Objects below a directory, which need not exist yet. */
export function directoryObjects(directory: string): ObjectStore {
  const root = resolve(directory)
  const bucketDirectory = (bucket: string) => join(root, bucketToPath(bucket))
  const pathOf = ({ bucket, key }: ObjectRef) => join(bucketDirectory(bucket), keyToPath(key))
  const stagedPath = (token: string) => join(root, STAGING, keyToPath(token).replaceAll('/', '%2F'))

  /** Runs an operation on an object; what the file system refuses becomes an error that names both. */
  const on = async <T>(operation: string, ref: ObjectRef, run: () => Promise<T>): Promise<T> => {
    checkObjectRef(ref)
    try {
      return await run()
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : directoryError(root, operation, objectUrl(ref), cause)
    }
  }

  const writeStaged = async (body: Uint8Array): Promise<string> => {
    const token = randomUUID()
    await mkdir(join(root, STAGING), { recursive: true })
    await writeFile(stagedPath(token), body, { flag: 'wx' })
    return token
  }

  return {
    put: (ref, body) =>
      on('put', ref, async () => {
        await moveInto(stagedPath(await writeStaged(body)), root, pathOf(ref))
      }),

    stage: (ref, body) =>
      on('stage', ref, async () => ({ ref, token: await writeStaged(body), parts: [], bytes: body.byteLength })),

    complete: (staged) =>
      on('complete', staged.ref, async () => {
        const path = pathOf(staged.ref)
        if (await moveInto(stagedPath(staged.token), root, path)) return
        if (!(await findFile(path))) throw new StagedObjectLostError(staged)
      }),

    abort: ({ ref, token }) => on('abort', ref, () => rm(stagedPath(token), { force: true })),

    get: (ref) => on('get', ref, () => eitherPath(pathOf(ref), async (path) => Uint8Array.from(await readFile(path)))),

    exists: (ref) => on('exists', ref, async () => (await findFile(pathOf(ref))) !== undefined),

    delete: (ref) =>
      on('delete', ref, async () => {
        const path = pathOf(ref)
        if (!(await isDirectory(path))) await rm(path).catch(missing)
        await rm(besideDirectory(path)).catch(missing)
      }),

    async *list(bucket, prefix) {
      const base = bucketDirectory(bucket)
      try {
        const keys = new Set<string>()
        for await (const path of filesBelow(base, '', prefix)) {
          const key = pathToKey(path)
          if (key?.startsWith(prefix)) keys.add(key)
        }
        for (const key of [...keys].sort(compareUtf8)) {
          const file = await findFile(pathOf({ bucket, key }))
          if (file) yield { key, bytes: file.size }
        }
      } catch (cause) {
        throw directoryError(root, 'list', objectUrl({ bucket, key: prefix }), cause)
      }
    },

    close() {},
  }
}

/**
 * Gives a staged file its name, replacing what had it; `false` when there is no such staged file.
 *
 * A key may be the start of another (`a` and `a/b`), and a path is either file or directory: the directory gets the plain
 * path, and the object moves beside it. It moves in that direction only, so whoever looks at the plain path first
 * and beside it second never misses it.
 */
async function moveInto(staged: string, root: string, path: string): Promise<boolean> {
  // Each failed round means that another process has just created or moved something on this path; it cannot do so forever.
  for (let round = 0; ; round++) {
    try {
      await mkdir(dirname(path), { recursive: true })
      await rename(staged, (await isDirectory(path)) ? besideDirectory(path) : path)
      return true
    } catch (error) {
      if (round === 10) throw error
      if (hasCode(error, 'ENOENT') && !(await stat(staged).catch(missing))) return false
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'EPERM')) throw error
      await makeWay(root, dirname(path))
    }
  }
}

/** Moves objects aside that have the name of a directory on the way to `directory`. */
async function makeWay(root: string, directory: string): Promise<void> {
  if (directory === root || directory === dirname(directory)) return
  await makeWay(root, dirname(directory))
  const found = await stat(directory).catch(missing)
  if (found?.isFile()) await rename(directory, besideDirectory(directory)).catch(missing)
}

/** Tries the plain path, then the one beside a directory; `undefined` when there is no file at either. */
async function eitherPath<T>(path: string, run: (path: string) => Promise<T>): Promise<T | undefined> {
  return (await run(path).catch(missing)) ?? (await run(besideDirectory(path)).catch(missing))
}

function findFile(path: string): Promise<{ size: number } | undefined> {
  return eitherPath(path, async (candidate) => {
    const found = await stat(candidate)
    return found.isFile() ? found : undefined
  })
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(missing))?.isDirectory() ?? false
}

/** Relative paths of the files below a directory that may hold keys with this prefix. */
async function* filesBelow(base: string, directory: string, prefix: string): AsyncGenerator<string> {
  for (const entry of (await readdir(join(base, directory), { withFileTypes: true }).catch(missing)) ?? []) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (!entry.isDirectory()) yield path
    else {
      const below = directoryToPrefix(path)
      if (below.startsWith(prefix) || prefix.startsWith(below)) yield* filesBelow(base, path, prefix)
    }
  }
}

/** For `catch`: what is not there is `undefined`. A file on the way to a path means the same as nothing. */
function missing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR')) throw error
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

function directoryError(root: string, operation: string, target: string, cause: unknown): ServiceError {
  return new ServiceError(
    'DIRECTORY_FAILED',
    'directory',
    operation,
    `Cannot ${operation} ${target} in the directory ${root} (${describeCause(cause)}). Check that it may be written to and that the disk is not full.`,
    { root, target },
    cause,
  )
}
