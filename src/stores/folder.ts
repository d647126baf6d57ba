// What is where in a folder that stands for AWS: its database (`folder-database.ts`), and objects beside it.

import { join } from 'node:path'

/** The folder of a project, where nothing else is said. */
export const DEFAULT_FOLDER = '.millrace'

/** The bucket of what is Millrace's own, below which nobody else writes. */
export const BUCKET_OF_FOLDER = 'millrace-state'

/** Where a folder keeps objects: a directory for each bucket. */
export function objectsOfFolder(folder: string): string {
  return join(folder, 'objects')
}
