// The emulators as infra/ brings them up: side by side, on loopback only, with nothing left behind.

import { existsSync } from 'node:fs'
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../../infra/localstack.ts'
import { type MiniStack, startMiniStack } from '../../../infra/ministack.ts'
import { isRunning, listProcesses } from '../../../infra/process.ts'
import { listening } from './listening.ts'

const services = inject('services')
const EMULATORS = [
  ['localstack', startLocalStack, '/_localstack/health'],
  ['ministack', startMiniStack, '/_ministack/health'],
] as const

for (const [name, start, health] of EMULATORS) {
  describe.skipIf('missing' in services[name])(name, () => {
    const clients: DynamoDBClient[] = []
    afterAll(() => {
      for (const client of clients) client.destroy()
    })
    const clientOf = ({ endpoint }: LocalStack | MiniStack) => {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
      clients.push(client)
      return client
    }

    test('two side by side: each with its own tables, on loopback, gone after stop()', async () => {
      const [one, other] = await Promise.all([start(), start()])
      try {
        expect((await fetch(one.endpoint + health)).status).toBe(200)
        const client = clientOf(one)
        await createTable(client)
        const put = new PutItemCommand({
          TableName: 'log',
          Item: { pk: { S: 'task' }, sk: { N: '1' } },
          ConditionExpression: 'attribute_not_exists(pk)',
        })
        await client.send(put)
        await expect(client.send(put)).rejects.toBeInstanceOf(ConditionalCheckFailedException)
        expect((await clientOf(other).send(new ListTablesCommand({}))).TableNames).toEqual([])

        const ours = familyOf(one.pid)
        const addresses = ours.flatMap(listening)
        expect(addresses.length).toBeGreaterThan(0)
        expect(addresses.filter((address) => !address.startsWith('127.'))).toEqual([])

        await one.stop()
        expect(ours.filter((pid) => listProcesses().some((p) => p.pid === pid && p.state !== 'Z'))).toEqual([])
        expect(existsSync(one.dir)).toBe(false)
        expect(isRunning(other)).toBe(true)
        expect((await clientOf(other).send(new ListTablesCommand({}))).TableNames).toEqual([])
      } finally {
        await Promise.all([one.stop(), other.stop()])
      }
    })
  })
}

test.skipIf('missing' in services.localstack)('LocalStack can be emptied', async () => {
  const localstack = await startLocalStack()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new DynamoDBClient({ endpoint: localstack.endpoint, region: 'us-east-1', credentials })
  await createTable(client)
  await localstack.reset()
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([])
  await createTable(client)
  client.destroy()
  await localstack.stop()
})

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: 'log',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  )
}

/** A process and all its descendants. */
function familyOf(pid: number): number[] {
  const children = listProcesses().filter((one) => one.ppid === pid)
  return [pid, ...children.flatMap((child) => familyOf(child.pid))]
}
