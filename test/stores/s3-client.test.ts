import { afterEach, expect, test, vi } from 'vitest'
import { dynamoClient } from '../../src/stores/dynamo-table.ts'
import { s3Client } from '../../src/stores/s3-client.ts'
import { EMULATED } from '../contract/dynalite.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('buckets are in the path where there is one host name for all of them', () => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3']) vi.stubEnv(name, undefined)
  expect(s3Client(EMULATED).config.forcePathStyle).toBe(false)
  expect(s3Client({ ...EMULATED, endpoint: 'http://127.0.0.1:4566' }).config.forcePathStyle).toBe(true)
  vi.stubEnv('AWS_ENDPOINT_URL', '')
  expect(s3Client(EMULATED).config.forcePathStyle).toBe(false)
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566')
  expect(s3Client(EMULATED).config.forcePathStyle).toBe(true)
  vi.stubEnv('AWS_ENDPOINT_URL', undefined)
  vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:4566')
  expect(s3Client(EMULATED).config.forcePathStyle).toBe(true)
})

test('calls are retried as both clients are documented to', async () => {
  for (const client of [dynamoClient(EMULATED), s3Client(EMULATED)]) {
    expect(await client.config.maxAttempts()).toBe(7)
    expect(await client.config.retryStrategy()).toMatchObject({ mode: 'standard' })
  }
  expect(await dynamoClient({ ...EMULATED, maxAttempts: 2 }).config.maxAttempts()).toBe(2)
})
