// The embedded default: everything that a job needs of AWS and Kafka in one folder of this machine, durable, and for several
// processes at once (docs/decisions/071-the-folder.md). Nothing but Node.

import { resolve } from 'node:path'
import { directoryObjects } from '../stores/directory-objects.ts'
import { BUCKET_OF_FOLDER, DEFAULT_FOLDER, objectsOfFolder } from '../stores/folder.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { sqliteTable } from '../stores/sqlite-table.ts'
import type { StateTable } from '../stores/table.ts'
import { FolderTopics } from './topics/folder-topics.ts'

export interface Embedded {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly topics: FolderTopics
  /** Environment variables for functions that are to use the folder. */
  readonly variables: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/**
 * Opens a folder, which need not exist yet. What is in it stays when it is closed, or when its processes are killed.
 *
 * @throws ServiceError when it cannot be opened
 */
export function embedded(directory: string = DEFAULT_FOLDER): Embedded {
  const folder = resolve(directory)
  const table = sqliteTable(folder)
  const objects = directoryObjects(objectsOfFolder(folder))
  const topics = new FolderTopics(folder)
  return {
    table,
    objects,
    topics,
    variables: { MILLRACE_DIR: folder, MILLRACE_BUCKET: BUCKET_OF_FOLDER },
    async stop() {
      topics.close()
      table.close()
      objects.close()
    },
  }
}
