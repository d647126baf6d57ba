// The contracts of table and objects against the emulators' DynamoDB and S3, over real HTTP.

import { describe, expect, inject, test } from 'vitest'
import { dynamoTable } from '../../src/stores/dynamo-table.ts'
import { s3Objects } from '../../src/stores/s3-objects.ts'
import { EMULATED } from './dynalite.ts'
import { bucketOn, tableOn } from './emulator.ts'
import { objectStoreContract } from './object-store.contract.ts'
import { collect } from './objects.ts'
import { tableContract } from './table.contract.ts'

for (const name of ['localstack', 'ministack'] as const) {
  const found = inject('services')[name]
  const missing = 'missing' in found
  const endpoint = missing ? '' : found.endpoint

  describe.skipIf(missing)(missing ? `${name} (${found.missing})` : name, { timeout: 60_000 }, () => {
    tableContract('dynamoTable', () => tableOn(endpoint))
    objectStoreContract('s3Objects', () => bucketOn(endpoint))

    test('a table that does not exist is an error that names it', async () => {
      const table = dynamoTable({ table: 'no-such-table', endpoint, ...EMULATED })
      const task = { job: 'j', stage: 's', task: 't' }
      const error = {
        code: 'TABLE_MISSING',
        message: expect.stringContaining('on table no-such-table found that it does not exist'),
      }
      await expect(table.append(task, { version: 1, body: Uint8Array.of(1) })).rejects.toMatchObject(error)
      await expect(table.head(task)).rejects.toMatchObject(error)
      table.close()
    })

    test('a bucket that does not exist is an error that names it', async () => {
      const store = s3Objects({ endpoint, ...EMULATED })
      const ref = { bucket: 'no-such-bucket', key: 'k' }
      const error = {
        code: 'BUCKET_MISSING',
        message: expect.stringContaining('on s3://no-such-bucket/k found that it does not exist'),
      }
      await expect(store.put(ref, Uint8Array.of(1))).rejects.toMatchObject(error)
      await expect(store.stage(ref, Uint8Array.of(1))).rejects.toMatchObject(error)
      await expect(store.get(ref)).rejects.toMatchObject(error)
      await expect(collect(store.list(ref.bucket, ref.key))).rejects.toMatchObject(error)
      expect(await store.exists(ref)).toBe(false)
      store.close()
    })
  })
}
