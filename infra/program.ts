// Where a program is.

import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** The first executable of that name on the PATH. */
export async function findProgram(name: string, path = process.env.PATH ?? ''): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found && folder) return file
  }
  return undefined
}
