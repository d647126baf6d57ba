// What a deployment has, without a network: DynamoDB's protocol by dynalite in this process, objects in a directory.

import { startDynalite } from '../../infra/dynalite.ts'
import { directoryObjects } from '../../src/stores/directory-objects.ts'
import { dynamoClient, dynamoTable } from '../../src/stores/dynamo-table.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { StateTable } from '../../src/stores/table.ts'
import { createTable } from '../../src/stores/table-definition.ts'

/** What clients of an emulator need; the values mean nothing to it. */
const CREDENTIALS = { accessKeyId: 'emulated', secretAccessKey: 'emulated' }
const REGION = 'us-east-1'
const TABLE = 'millrace'

export interface Emulated {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** Environment variables for functions that are to use these services. */
  readonly variables: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/**
 * Starts them.
 *
 * @param directory where buckets become directories; kept when the services stop. State is in memory and goes with them.
 */
export async function startEmulated(directory: string): Promise<Emulated> {
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
