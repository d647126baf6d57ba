// The embedded default: DynamoDB's protocol by dynalite in this process, objects in a directory. Nothing but Node.

import { directoryObjects } from '../stores/directory-objects.ts'
import { dynamoClient, dynamoTable } from '../stores/dynamo-table.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { StateTable } from '../stores/table.ts'
import { createTable } from '../stores/table-definition.ts'
import { startDynalite } from './dynalite.ts'

/** What clients of an emulator need; the values mean nothing to it. */
const CREDENTIALS = { accessKeyId: 'embedded', secretAccessKey: 'embedded' }
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
 * Starts the embedded services.
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
      MILLRACE_TRUST_EXPIRED: 'always', // the embedded table knows no TTL
    },
    async stop() {
      table.close()
      await stop()
    },
  }
}
