// What S3 may answer besides success: each kind of trouble has its code, and its message names object and remedy.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  ServiceForbiddenError,
  ServiceMissingError,
  ServiceThrottledError,
  ServiceUnreachableError,
} from '../../src/errors/service-errors.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { s3Objects } from '../../src/stores/s3-objects.ts'
import { EMULATED } from '../contract/dynalite.ts'
import { collect } from '../contract/objects.ts'
import { type FakeService, fakeService, HANG_UP, nobody, s3Error, s3Ok, s3Tagged } from './fake-service.ts'

const ref = { bucket: 'results', key: 'T/part-0' }
const body = Uint8Array.of(1, 2, 3)
const staged = { ref, token: 'U1', parts: ['"e1"'], bytes: 3 }

/** Every call of the port that goes to S3, and what it must be allowed. */
const CALLS: [string, string, (store: ObjectStore) => Promise<unknown>][] = [
  ['put', 's3:PutObject', (store) => store.put(ref, body)],
  ['stage', 's3:PutObject', (store) => store.stage(ref, body)],
  ['complete', 's3:PutObject', (store) => store.complete(staged)],
  ['abort', 's3:AbortMultipartUpload', (store) => store.abort(staged)],
  ['get', 's3:GetObject and s3:ListBucket', (store) => store.get(ref)],
  ['exists', 's3:GetObject and s3:ListBucket', (store) => store.exists(ref)],
  ['delete', 's3:DeleteObject', (store) => store.delete(ref)],
  ['list', 's3:ListBucket', (store) => collect(store.list(ref.bucket, ref.key))],
]

let fake: FakeService
const start = async (...args: Parameters<typeof fakeService>) => {
  fake = await fakeService(...args)
  return s3Objects({ endpoint: fake.endpoint, ...EMULATED })
}

// The SDK waits a random part of its backoff: none of it here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await fake?.stop()
})

const caught = (call: Promise<unknown>) => call.catch((error: unknown) => error)

describe.each(CALLS)('%s', (name, action, run) => {
  // The answer to a HEAD has no body.
  const error = (code: string, status: number) => (name === 'exists' ? { status } : s3Error(code, status))

  test('forbidden names what is missing, and is not retried', async () => {
    const found = await caught(run(await start(() => error('AccessDenied', 403))))
    expect(found).toBeInstanceOf(ServiceForbiddenError)
    expect(found).toMatchObject({
      code: 'BUCKET_FORBIDDEN',
      service: 's3',
      facts: { action, status: 403, target: 's3://results/T/part-0' },
    })
    expect(String(found)).toContain('s3://results/T/part-0 was not allowed')
    expect(String(found)).toContain(`Allow ${action} on it`)
    expect(fake.calls).toHaveLength(1)
  })

  test('throttled for ever is an error after seven attempts', async () => {
    const found = await caught(run(await start(() => error('SlowDown', 503))))
    expect(found).toBeInstanceOf(ServiceThrottledError)
    expect(found).toMatchObject({ code: 'S3_THROTTLED', facts: { attempts: 7 } })
    expect(String(found)).toMatch(
      /s3:\/\/results\/T\/part-0 was throttled .*after 7 attempts.*fewer and larger objects/,
    )
    expect(fake.calls).toHaveLength(7)
  })

  test('unreachable says where to look', async () => {
    const found = await caught(run(s3Objects({ endpoint: await nobody(), ...EMULATED })))
    expect(found).toBeInstanceOf(ServiceUnreachableError)
    expect(found).toMatchObject({ code: 'S3_UNREACHABLE', facts: { code: 'ECONNREFUSED' } })
    expect(String(found)).toMatch(
      /s3:\/\/results\/T\/part-0 got no answer .*AWS_ENDPOINT_URL_S3.*gateway endpoint for S3/,
    )
  })

  test('bucket missing names it', async () => {
    if (name === 'exists') return // a HEAD cannot tell: it is false, as documented
    const found = await caught(run(await start(() => error('NoSuchBucket', 404))))
    expect(found).toBeInstanceOf(ServiceMissingError)
    expect(found).toMatchObject({ code: 'BUCKET_MISSING' })
    expect(String(found)).toMatch(
      /s3:\/\/results\/T\/part-0 found that it does not exist .*Create the bucket.*MILLRACE_BUCKET/,
    )
  })
})

test('keys come encoded as forms are, page by page; a store that does not encode them is believed', async () => {
  const page = (encoding: string, key: string, next: string) =>
    s3Ok(
      `<ListBucketResult><IsTruncated>${next !== ''}</IsTruncated>${encoding}<Contents><Key>${key}</Key><Size>3</Size></Contents>${next}</ListBucketResult>`,
    )
  const store = await start(({ call }) =>
    call.includes('continuation-token=more')
      ? page('', 'T/a+b%2Bc', '')
      : page(
          '<EncodingType>url</EncodingType>',
          'T/a+b%2Bc%01%C3%A9',
          '<NextContinuationToken>more</NextContinuationToken>',
        ),
  )
  expect(await collect(store.list('results', 'T/'))).toEqual([
    { key: 'T/a b+c\u0001é', bytes: 3 },
    { key: 'T/a+b%2Bc', bytes: 3 },
  ])
  expect(fake.calls[0]).toContain('encoding-type=url')
})

test('throttled a few times is not noticed', async () => {
  const store = await start(({ number }) => (number < 3 ? s3Error('SlowDown', 503) : s3Tagged(body)))
  await store.put(ref, body)
  expect(fake.calls).toHaveLength(4)
})

test('an answer that got lost is asked for again', async () => {
  const store = await start(({ number }) => (number === 0 ? HANG_UP : s3Tagged('abc', 'abc')))
  expect(await store.get(ref)).toEqual(new TextEncoder().encode('abc'))
})

describe('I7: a staged object that S3 does not know', () => {
  const knowing = (status: number) =>
    start(({ call }) => (call.startsWith('HEAD') ? { status, headers: { etag: '"t"' } } : s3Error('NoSuchUpload', 404)))

  test('has been completed when the object exists', async () => {
    await (await knowing(200)).complete(staged)
    expect(fake.calls).toEqual([expect.stringMatching(/^POST .*uploadId=U1/), 'HEAD /results/T/part-0'])
  })

  test('is lost when it does not', async () => {
    await expect((await knowing(404)).complete(staged)).rejects.toMatchObject({
      code: 'STAGED_OBJECT_LOST',
      staged,
      message: expect.stringMatching(
        /s3:\/\/results\/T\/part-0 \(3 bytes\).*U1 is gone.*put it back.*retention and a week/,
      ),
    })
  })

  test('is neither when S3 will not say', async () => {
    await expect((await knowing(403)).complete(staged)).rejects.toMatchObject({ code: 'BUCKET_FORBIDDEN' })
  })

  test('needs no abort', async () => {
    await (await knowing(404)).abort(staged)
  })
})

test('what was uploaded of an object that cannot be staged is given back', async () => {
  const store = await start(({ call }) => {
    if (call.startsWith('POST'))
      return s3Ok('<InitiateMultipartUploadResult><UploadId>U7</UploadId></InitiateMultipartUploadResult>')
    if (call.startsWith('PUT')) return s3Error('AccessDenied', 403)
    return { status: 204 }
  })
  await expect(store.stage(ref, new Uint8Array(20_000_000))).rejects.toMatchObject({ code: 'BUCKET_FORBIDDEN' })
  expect(fake.calls).toContainEqual(expect.stringMatching(/^DELETE \/results\/T\/part-0\?.*uploadId=U7/))
})

test('an answer without what it is for is an error', async () => {
  const store = await start(() => s3Ok('<InitiateMultipartUploadResult></InitiateMultipartUploadResult>'))
  await expect(store.stage(ref, body)).rejects.toMatchObject({
    code: 'S3_FOREIGN_ANSWER',
    message: expect.stringContaining('it has no UploadId'),
  })
})

test('the wrong region is an error that says so', async () => {
  const store = await start(() => s3Error('PermanentRedirect', 301))
  await expect(store.put(ref, body)).rejects.toMatchObject({
    code: 'S3_FAILED',
    message: expect.stringContaining('Check the region'),
  })
})
