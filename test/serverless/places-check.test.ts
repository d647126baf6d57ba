// Buckets that somebody else makes are looked for before the stack is touched, by a real client against a server that answers as S3 does.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServiceMissingError } from '../../src/errors/service-errors.ts'
import { checkBuckets } from '../../src/serverless/places-check.ts'
import { checkState, stateFacts } from '../../src/serverless/state-check.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'
import { describedJob } from './sample.ts'

let server: Server
let s3: S3Client

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const status = url.startsWith('/gone') ? 404 : url.startsWith('/secret') ? 403 : 200
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  s3 = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  })
})
afterAll(() => {
  s3?.destroy()
  server?.closeAllConnections()
  server?.close()
})

const external = { buckets: 'external', state: 'external' } as const
const facts = (name: string, ...buckets: string[]) =>
  stateFacts(
    {
      functionName: name,
      job: describedJob(name, {
        outputs: buckets.map((bucket) => ({ kind: 'objects' as const, bucket, prefix: 'x' })),
      }),
    },
    new Map(),
    external,
  )

describe('before a deployment', () => {
  it('refuses a bucket that does not exist, with its name and that of the job', async () => {
    await expect(
      checkBuckets([facts('a', 'there', 'gone-1'), facts('b', 'gone-2', 'gone-1')], s3),
    ).rejects.toMatchObject({
      code: 'BUCKET_MISSING',
      message: expect.stringMatching(
        /'gone-1' of job a, b does not exist; the bucket 'gone-2' of job b does not exist/,
      ),
    })
  })

  it('says which it may not look at, and passes what is there', async () => {
    const warnings = await checkBuckets([facts('a', 'there', 'secret')], s3)
    expect(warnings).toEqual([expect.stringMatching(/whether the bucket 'secret' of job a exists \(access is denied/)])
  })

  it('looks at none that the stack makes itself', async () => {
    const managed = stateFacts({ functionName: 'a', job: describedJob('a') }, new Map())
    expect(managed.buckets).toEqual([])
    expect(await checkBuckets([managed], s3)).toEqual([])
  })

  it('refuses a table that somebody else was to make and that is not there', async () => {
    const missing = new ServiceMissingError('TABLE_MISSING', 'dynamodb', 'GetItem', 'no table', {}, undefined)
    const table = { ...memoryTable(), getRow: () => Promise.reject(missing) }
    await expect(checkState([facts('a', 'there')], table, [])).rejects.toBe(missing)
  })
})
