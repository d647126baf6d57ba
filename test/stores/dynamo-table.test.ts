import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dynamoClient, dynamoTable } from '../../src/stores/dynamo-table.ts'
import { createTable } from '../../src/stores/table-definition.ts'
import { EMULATED, startDynalite } from '../contract/dynalite.ts'
import { tableContract } from '../contract/table.contract.ts'

let dynalite: Awaited<ReturnType<typeof startDynalite>>

beforeAll(async () => {
  dynalite = await startDynalite()
})
afterAll(() => dynalite.stop())

const client = () => dynamoClient({ ...EMULATED, endpoint: dynalite.endpoint, maxAttempts: 2 })

tableContract('dynamoTable on dynalite', async () => {
  await createTable(client(), 'millrace')
  return dynamoTable({ table: 'millrace', endpoint: dynalite.endpoint, ...EMULATED })
})

describe('createTable', () => {
  test('is done by whoever comes first, and waits for the table', async () => {
    const racers = [client(), client(), client()]
    await Promise.all(racers.map((racer) => createTable(racer, 'raced')))
    await createTable(client(), 'raced')
    const table = dynamoTable({ table: 'raced', client: client() })
    expect(await table.head({ job: 'j', stage: 's', task: 't' })).toBeUndefined()
  })
})

describe('I7: what others have written into the table', () => {
  const task = { job: 'foreign', stage: 's', task: 't' }
  const put = (pk: string, sk: string, attributes: Record<string, { S: string } | { N: string }>) =>
    client().send(new PutItemCommand({ TableName: 'millrace', Item: { pk: { S: pk }, sk: { S: sk }, ...attributes } }))
  const table = () => dynamoTable({ table: 'millrace', client: client() })

  test('is no log item', async () => {
    await put('L#foreign#s#t', '0000000000000001', { b: { S: 'text' } })
    await expect(table().head(task)).rejects.toMatchObject({
      code: 'UNREADABLE_ITEM',
      message: expect.stringMatching(
        /pk="L#foreign#s#t" sk="0000000000000001" of table millrace .* no binary attribute "b"/,
      ),
    })
    await put('L#foreign#s#t', 'notes', { b: { S: 'text' } })
    await expect(table().head(task)).rejects.toThrow(/its sort key is not a version/)
  })

  test('is no row', async () => {
    await put('J#foreign', 'a', { data: { S: '{}' } })
    await put('J#foreign', 'b', { rev: { N: '1' } })
    await put('J#foreign', 'c', { rev: { N: '1' }, data: { S: '[1]' } })
    await put('J#foreign', 'd', { rev: { N: '1' }, data: { S: '{' } })
    await expect(table().getRow('foreign', 'a')).rejects.toThrow(/no number "rev"/)
    await expect(table().getRow('foreign', 'b')).rejects.toThrow(/no string "data"/)
    await expect(table().getRow('foreign', 'c')).rejects.toThrow(/"data" is not a JSON object/)
    await expect(table().getRow('foreign', 'd')).rejects.toMatchObject({
      code: 'UNREADABLE_ITEM',
      cause: expect.any(SyntaxError),
    })
  })
})
