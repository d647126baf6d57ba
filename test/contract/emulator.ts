// A bucket and a table of their own on an emulator, for one run of the contracts.

import { randomUUID } from 'node:crypto'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { dynamoClient, dynamoTable } from '../../src/stores/dynamo-table.ts'
import { s3Client } from '../../src/stores/s3-client.ts'
import { s3Objects } from '../../src/stores/s3-objects.ts'
import { createTable } from '../../src/stores/table-definition.ts'
import { EMULATED } from './dynalite.ts'
import type { ObjectStoreUnderTest } from './objects.ts'

export async function tableOn(endpoint: string) {
  const client = dynamoClient({ ...EMULATED, endpoint })
  const table = `contract-${randomUUID()}`
  await createTable(client, table)
  client.destroy()
  return dynamoTable({ table, endpoint, ...EMULATED })
}

export async function bucketOn(endpoint: string): Promise<ObjectStoreUnderTest> {
  const client = s3Client({ ...EMULATED, endpoint })
  const bucket = `contract-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  const open = () => s3Objects({ endpoint, ...EMULATED })
  return { store: open(), another: open, bucket }
}
