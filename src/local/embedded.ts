// The embedded default: everything that a job needs of AWS and Kafka in one folder of this machine, durable, and for several
// processes at once (docs/decisions/071-the-folder.md). Nothing but Node.

import { resolve } from 'node:path'
import { directoryObjects } from '../stores/directory-objects.ts'
import { dynamoClient, dynamoTable } from '../stores/dynamo-table.ts'
import { BUCKET_OF_FOLDER, DEFAULT_FOLDER, objectsOfFolder } from '../stores/folder.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { sqliteTable } from '../stores/sqlite-table.ts'
import type { StateTable } from '../stores/table.ts'
import { createTable } from '../stores/table-definition.ts'
import { startDynalite } from './dynalite.ts'
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

/** What clients of an emulator need; the values mean nothing to it. */
const CREDENTIALS = { accessKeyId: 'emulated', secretAccessKey: 'emulated' }
const REGION = 'us-east-1'
const TABLE = 'millrace'

export interface EmbeddedServices {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** Environment variables for functions that are to use these services. */
  readonly variables: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/**
 * The same in memory of this process, until `millrace dev` keeps its topics in the folder as well.
 *
 * @param directory where buckets become directories; kept when the services stop. State is in memory and goes with them.
 */
export async function startEmbedded(directory: string): Promise<EmbeddedServices> {
  const { endpoint, stop } = await startDynalite()
  const options = { endpoint, region: REGION, credentials: CREDENTIALS }
  const client = dynamoClient(options)
  await createTable(client, TABLE)
  client.destroy()
  const table = dynamoTable({ table: TABLE, ...options })
  return {
    table,
    objects: directoryObjects(directory),
    variables: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      MILLRACE_TABLE: TABLE,
      MILLRACE_BUCKET: 'millrace-state',
      MILLRACE_OBJECTS_DIR: directory,
      MILLRACE_WAKE: 'watched',
      MILLRACE_TRUST_EXPIRED: 'always', // dynalite knows no TTL
    },
    async stop() {
      table.close()
      await stop()
    },
  }
}
