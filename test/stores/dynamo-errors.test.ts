// What DynamoDB may answer besides success: each kind of trouble has its code, and its message names table and remedy.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ServiceError } from '../../src/errors/errors.ts'
import {
  ServiceForbiddenError,
  ServiceMissingError,
  ServiceThrottledError,
  ServiceUnreachableError,
} from '../../src/errors/service-errors.ts'
import { awsClientSettings } from '../../src/stores/aws-client.ts'
import { dynamoTable } from '../../src/stores/dynamo-table.ts'
import { createTable } from '../../src/stores/table-definition.ts'
import { EMULATED, startDynalite } from '../contract/dynalite.ts'
import { dynamoError, dynamoOk, type FakeService, fakeService, HANG_UP, nobody, SILENCE } from './fake-service.ts'

const task = { job: 'j', stage: 's', task: 't' }
const item = { version: 1, body: Uint8Array.of(1) }

let fake: FakeService
const start = async (...args: Parameters<typeof fakeService>) => {
  fake = await fakeService(...args)
  return dynamoTable({ table: 'millrace', endpoint: fake.endpoint, ...EMULATED })
}

// The SDK waits a random part of its backoff: none of it here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await fake?.stop()
})

test('table missing', async () => {
  const dynalite = await startDynalite()
  try {
    const table = dynamoTable({ table: 'nowhere', endpoint: dynalite.endpoint, ...EMULATED })
    const calls = [
      () => table.append(task, item),
      () => table.head(task),
      () => table.read(task, { after: 0 }),
      () => table.getRow('j', 'meta'),
      () => table.putRow('j', 'meta', { rev: 1, data: {} }),
      () => table.listRows('j', ''),
      () => table.deleteRow('j', 'meta'),
    ]
    for (const call of calls) {
      const error = await call().catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ServiceMissingError)
      expect(error).toMatchObject({
        code: 'TABLE_MISSING',
        service: 'dynamodb',
        facts: { target: 'table nowhere', status: 400 },
        message: expect.stringMatching(
          /on table nowhere found that it does not exist .*Deploy the job.*MILLRACE_TABLE/s,
        ),
      })
    }
  } finally {
    await dynalite.stop()
  }
})

describe('forbidden', () => {
  test('names the action that is missing, and is not retried', async () => {
    const table = await start(() => dynamoError('AccessDeniedException'))
    const actions: [string, () => Promise<unknown>][] = [
      ['dynamodb:PutItem', () => table.append(task, item)],
      ['dynamodb:Query', () => table.head(task)],
      ['dynamodb:GetItem', () => table.getRow('j', 'meta')],
      ['dynamodb:DeleteItem', () => table.deleteRow('j', 'meta')],
      ['dynamodb:UpdateItem', () => table.setLife(task, 1, { expiresAt: 1 })],
    ]
    for (const [action, call] of actions) {
      const error = await call().catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ServiceForbiddenError)
      expect(error).toMatchObject({ code: 'TABLE_FORBIDDEN', facts: { action, requestId: 'REQ1' } })
      expect(String(error)).toContain(
        'table millrace was not allowed (AccessDeniedException: fake AccessDeniedException',
      )
      expect(String(error)).toContain(`Allow ${action} on it`)
    }
    expect(fake.calls).toHaveLength(actions.length)
  })

  test('of bad credentials says so', async () => {
    const table = await start(() => dynamoError('UnrecognizedClientException'))
    await expect(table.head(task)).rejects.toMatchObject({
      code: 'TABLE_FORBIDDEN',
      message: expect.stringContaining('The credentials are missing, expired or made for somewhere else'),
    })
  })
})

describe('throttled', () => {
  test.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    'by %s a few times is not noticed',
    async (name) => {
      const table = await start(({ number }) => (number < 3 ? dynamoError(name) : dynamoOk()))
      expect(await table.append(task, item)).toBe('committed')
      expect(fake.calls).toEqual(['PutItem', 'PutItem', 'PutItem', 'PutItem'])
    },
  )

  test('for ever is an error after seven attempts', async () => {
    const table = await start(() => dynamoError('ProvisionedThroughputExceededException'))
    const error = await table.append(task, item).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ServiceThrottledError)
    expect(error).toMatchObject({
      code: 'DYNAMODB_THROTTLED',
      operation: 'PutItem',
      facts: { attempts: 7 },
      message: expect.stringMatching(
        /table millrace was throttled .*after 7 attempts.*delivers the batch again.*on-demand/s,
      ),
    })
    expect(fake.calls).toHaveLength(7)
  })
})

describe('unreachable', () => {
  const unreachable = {
    code: 'DYNAMODB_UNREACHABLE',
    message: expect.stringMatching(
      /on table millrace got no answer .*AWS_ENDPOINT_URL_DYNAMODB.*gateway endpoint for DynamoDB/s,
    ),
  }

  test('because nobody listens', async () => {
    const table = dynamoTable({ table: 'millrace', endpoint: await nobody(), ...EMULATED })
    const error = await table.append(task, item).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ServiceUnreachableError)
    expect(error).toMatchObject({ ...unreachable, facts: { code: 'ECONNREFUSED', attempts: 7 } })
    await expect(
      createTable(new DynamoDBClient({ ...EMULATED, endpoint: await nobody() }), 'millrace'),
    ).rejects.toMatchObject(unreachable)
  })

  test('because the name is unknown', async () => {
    const table = dynamoTable({ table: 'millrace', endpoint: 'http://nowhere.invalid', maxAttempts: 2, ...EMULATED })
    await expect(table.head(task)).rejects.toMatchObject(unreachable)
  })

  test('because it never answers', async () => {
    fake = await fakeService(() => SILENCE)
    const settings = awsClientSettings({ ...EMULATED, endpoint: fake.endpoint, maxAttempts: 2 }, { requestTimeout: 20 })
    const table = dynamoTable({ table: 'millrace', client: new DynamoDBClient(settings) })
    await expect(table.head(task)).rejects.toMatchObject(unreachable)
    expect(fake.calls).toHaveLength(2)
  })
})

test('I1: a commit whose answer got lost is a conflict with itself', async () => {
  const table = await start(({ number }) => (number === 0 ? HANG_UP : dynamoError('ConditionalCheckFailedException')))
  expect(await table.append(task, item)).toBe('conflict')
  expect(fake.calls).toHaveLength(2)
})

test('a service in trouble is retried, then told apart from a request that is wrong', async () => {
  const failing = await start(() => dynamoError('InternalServerError', 500))
  await expect(failing.head(task)).rejects.toMatchObject({
    code: 'DYNAMODB_FAILED',
    facts: { status: 500, attempts: 7 },
    message: expect.stringContaining('The service itself is in trouble. Nothing is lost'),
  })
  await fake.stop()
  const refusing = await start(() => dynamoError('ValidationException'))
  const error = await refusing.head(task).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(ServiceError)
  expect(error).toMatchObject({
    code: 'DYNAMODB_FAILED',
    message: expect.stringContaining('Check the region (AWS_REGION) and the endpoint'),
  })
  expect(fake.calls).toHaveLength(1)
})
