// What `millrace dev --reset` deletes: what is Millrace's own in the folder, whatever else is in it. `--dir` may name any folder, such as
// the project itself.

import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidOptionError } from '../../errors/errors.ts'
import { objectsOfFolder } from '../../stores/folder.ts'
import { DATABASE } from '../../stores/folder-database.ts'

/** Bundles, the clock, what was fed and the identity, of `dev` and `run`. */
const OWN = [
  ['dev', /^(bundles|(clock|fed\.json)(\.new)?|id(\.[0-9a-f-]+)?)$/],
  ['run', /^[0-9a-f]{16}\.mjs(\.map)?(\.[0-9a-f-]+)?$/],
] as const

/** The database, and the files that SQLite keeps beside it (sqlite.org/tempfiles.html). */
const DATABASE_FILES = ['', '-wal', '-shm', '-journal'].map((ending) => `${DATABASE}${ending}`)

/** @throws InvalidOptionError when the folder is none of Millrace's */
export async function checkReset(folder: string): Promise<void> {
  if (existsSync(join(folder, DATABASE)) || (await readdir(folder)).length === 0) return
  throw new InvalidOptionError(
    `--reset: ${folder} has no ${DATABASE}, so it is no folder of Millrace's, and nothing was deleted. Name the folder with state and topics with --dir, or start without --reset.`,
  )
}

/** Deletes state, topics and objects; the database last, so that what is interrupted can be asked for again. */
export async function resetFolder(folder: string): Promise<void> {
  await checkReset(folder)
  for (const [name, own] of OWN) {
    const inner = join(folder, name)
    const files = await readdir(inner).catch(() => [])
    for (const file of files.filter((one) => own.test(one))) await rm(join(inner, file), { recursive: true })
    await rmdir(inner).catch(() => undefined) // somebody else's files stay, or there is none
  }
  await rm(objectsOfFolder(folder), { recursive: true, force: true })
  for (const file of DATABASE_FILES.toReversed()) await rm(join(folder, file), { force: true })
}
