// A bundle leaves parts of the AWS SDK out. What services answer it still understands, by name, and it still finds the credentials
// that functions and containers have; those that it does not look for it refuses by name.

import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../infra/temp.ts'
import { childProcessInvoker } from '../../src/local/invoker/child-process.ts'
import { type Bundle, bundleHandler } from '../../src/serverless/bundle.ts'
import { dynamoError, type FakeService, fakeService, HANG_UP, s3Error } from '../stores/fake-service.ts'
import { type Emulated, startEmulated } from '../support/emulated.ts'
import { kafkaEvent } from '../support/kafka-events.ts'
import { REPOSITORY } from './service-folder.ts'

const HANDLER = 'functions/flights-by-day.handler'
let folder: string
let bundle: Bundle
let services: Emulated
let fake: FakeService

beforeAll(async () => {
  folder = await makeTempFolder('bundle')
  bundle = await bundleHandler({ handler: HANDLER, serviceDir: REPOSITORY, outDir: folder, runtime: 'nodejs24.x' })
  services = await startEmulated(join(folder, 'objects'))
})
afterAll(async () => {
  await services.stop()
  await removeTempFolder(folder)
})
afterEach(() => fake?.stop())

const KEYS = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' }

async function invoke(variables: Readonly<Record<string, string>>) {
  const invoker = childProcessInvoker({
    module: bundle.file,
    // The SDK waits a random part of its backoff: none of it here.
    execArgv: ['--import', 'data:text/javascript,Math.random=()=>0'],
    env: {
      HOME: folder,
      AWS_REGION: 'eu-central-1',
      MILLRACE_TABLE: 'millrace',
      MILLRACE_BUCKET: 'state',
      MILLRACE_WAKE: 'watched',
      MILLRACE_LOG_LEVEL: 'silent',
      RESULTS_BUCKET: 'found',
      ...variables,
    },
    inheritEnv: false,
    cwd: '/',
    onLog: () => {},
  })
  const value = JSON.stringify({ date: '2001/01/01 00:40', delay: 75, origin: 'HNL', destination: 'LAX' })
  const event = kafkaEvent({ 'flights-east-0': [{ offset: 0, timestamp: 978_309_600_000, value }] })
  try {
    return await invoker.invoke(JSON.stringify(event))
  } finally {
    await invoker.close()
  }
}

test.each([
  ['AccessDeniedException', 'ServiceForbiddenError', 'Allow dynamodb:'],
  ['ExpiredTokenException', 'ServiceForbiddenError', 'The credentials are missing, expired'],
  ['ProvisionedThroughputExceededException', 'ServiceThrottledError', 'was throttled'],
  ['ResourceNotFoundException', 'ServiceMissingError', 'MILLRACE_TABLE'],
  ['ValidationException', 'ServiceFailedError', 'fake ValidationException'],
])('DynamoDB says %s', async (name, errorType, text) => {
  fake = await fakeService(() => dynamoError(name))
  const answer = await invoke({ ...KEYS, AWS_ENDPOINT_URL_DYNAMODB: fake.endpoint })
  expect(answer).toMatchObject({ ok: false, errorType, errorMessage: expect.stringContaining(text) })
})

test('DynamoDB hangs up', async () => {
  fake = await fakeService(() => HANG_UP)
  const answer = await invoke({ ...KEYS, AWS_ENDPOINT_URL_DYNAMODB: fake.endpoint })
  expect(answer).toMatchObject({ ok: false, errorType: 'ServiceUnreachableError' })
})

test.each([
  ['AccessDenied', 403, 'ServiceForbiddenError', 'Allow s3:PutObject'],
  ['ExpiredToken', 400, 'ServiceForbiddenError', 'The credentials are missing, expired'],
  ['SlowDown', 503, 'ServiceThrottledError', 'was throttled'],
  ['NoSuchBucket', 404, 'ServiceMissingError', 'Create the bucket'],
])('S3 says %s', async (name, status, errorType, text) => {
  fake = await fakeService(() => s3Error(name, status))
  const { AWS_ENDPOINT_URL_DYNAMODB = '' } = services.variables
  const answer = await invoke({ ...KEYS, AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_S3: fake.endpoint })
  expect(answer).toMatchObject({ ok: false, errorType, errorMessage: expect.stringContaining(text) })
})

test('a container’s credentials are found', async () => {
  fake = await fakeService(({ call }) => {
    if (call !== 'GET /credentials') return dynamoError('AccessDeniedException')
    const body = { AccessKeyId: 'found', SecretAccessKey: 'found', Token: 'found', Expiration: '2999-01-01T00:00:00Z' }
    return { status: 200, body: JSON.stringify(body) }
  })
  const answer = await invoke({
    AWS_ENDPOINT_URL_DYNAMODB: fake.endpoint,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${fake.endpoint}/credentials`,
  })
  expect(answer).toMatchObject({ errorMessage: expect.stringContaining('Allow dynamodb:') })
  expect(fake.calls[0]).toBe('GET /credentials')
})

test.each([
  [{ AWS_PROFILE: 'shop' }, 'The profile shop is to be used, and a bundled function reads no credentials from there'],
  [{ AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn' }, 'The web identity token /token is to be used'],
])('credentials of %o are refused by name', async (variables, text) => {
  fake = await fakeService(() => dynamoError('AccessDeniedException'))
  const answer = await invoke({ ...variables, AWS_ENDPOINT_URL_DYNAMODB: fake.endpoint })
  expect(answer).toMatchObject({ errorType: 'ServiceForbiddenError', errorMessage: expect.stringContaining(text) })
  expect(fake.calls).toEqual([])
})
