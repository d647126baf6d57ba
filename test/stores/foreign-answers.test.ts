// Answers of success that the service cannot have given: none of them counts (I3, I7). The SDK's real clients, over HTTP.

import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dynamoTable } from '../../src/stores/dynamo-table.ts'
import { uploadTag } from '../../src/stores/s3-answers.ts'
import { s3Objects } from '../../src/stores/s3-objects.ts'
import { EMULATED } from '../contract/dynalite.ts'
import { collect } from '../contract/objects.ts'
import {
  dynamoError,
  dynamoOk,
  type FakeAnswer,
  type FakeService,
  fakeService,
  s3Error,
  s3Ok,
  s3Tagged,
} from './fake-service.ts'

const ref = { bucket: 'results', key: 'T/part-0' }
const body = Uint8Array.of(1, 2, 3)
const md5 = (bytes: string | Uint8Array) => createHash('md5').update(bytes).digest('hex')
const parts = [`"${md5('a')}"`, `"${md5('b')}"`]
const staged = { ref, token: 'U1', parts, bytes: 3 }
const whole = `"${createHash('md5')
  .update(Buffer.from(md5('a') + md5('b'), 'hex'))
  .digest('hex')}-2"`

const PAGE = '<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>'
const html = { 'content-type': 'text/html' }
const xml = { 'content-type': 'application/xml' }
const completed = (key = 'T/part-0', tag = whole) =>
  s3Ok(
    `<CompleteMultipartUploadResult><Bucket>results</Bucket><Key>${key}</Key><ETag>${tag}</ETag></CompleteMultipartUploadResult>`,
    xml,
  )

/** What a proxy, a login page, an emulator or S3 itself may say under 200 without meaning it. */
const FOREIGN: [string, FakeAnswer][] = [
  ['nothing at all', s3Ok('')],
  ['a login page', s3Ok(PAGE, html)],
  ['a page that is no XML', s3Ok('<html><br>Log in</html>', html)],
  ['plain text', s3Ok('OK', { 'content-type': 'text/plain' })],
  ['JSON', s3Ok('{"ok":true}', { 'content-type': 'application/json' })],
  ['another XML', s3Ok('<?xml version="1.0"?><Status><Code>ok</Code></Status>', xml)],
  ['an error', s3Ok('<?xml version="1.0"?><Error><Code>InternalError</Code><Message>no</Message></Error>', xml)],
  ['an error that ends in white space', s3Ok('<Error><Code>InternalError</Code><Message>no</Message></Error>\n', xml)],
  ['half an error', s3Ok('<?xml version="1.0"?>\n   <Error><Code>Internal', xml)],
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

const posts = () => fake.calls.filter((call) => call.startsWith('POST')).length
const isPost = (call: string) => call.startsWith('POST')

describe.each(FOREIGN)('I3: an upload is not published by %s', (_, answer) => {
  test('for ever: it is tried again, then an error that names it', async () => {
    const store = await start(({ call }) => (isPost(call) ? answer : s3Error('NoSuchKey', 404)))
    const error = await store.complete(staged).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: expect.stringMatching(/^Service/), operation: 'CompleteMultipartUpload' })
    expect(String(error)).toContain('s3://results/T/part-0')
    expect(posts()).toBe(7)
  })

  test('once: the next answer counts', async () => {
    const store = await start(({ number }) => (number === 0 ? answer : completed()))
    await store.complete(staged)
    expect(fake.calls).toHaveLength(2)
  })

  test('though it was: the object tells', async () => {
    const there = { status: 200, headers: { etag: whole, 'content-length': '3' } }
    const store = await start(({ call, number }) =>
      number === 0 ? answer : isPost(call) ? s3Error('NoSuchUpload', 404) : there,
    )
    await store.complete(staged)
  })
})

test('a login page in front of everything is named', async () => {
  const store = await start(() => s3Ok(PAGE, html))
  await expect(store.complete(staged)).rejects.toMatchObject({
    code: 'S3_FOREIGN_ANSWER',
    message: expect.stringMatching(/s3:\/\/results\/T\/part-0 was answered by something else .*text\/html.*login page/),
  })
})

describe('an answer to completing that is about another object', () => {
  const other = completed('T/part-1', '"0123456789abcdef0123456789abcdef-2"')
  const store = (head: FakeAnswer) => start(({ call }) => (isPost(call) ? other : head))

  test('counts when the object is there', async () => {
    await (await store({ status: 200, headers: { etag: whole, 'content-length': '3' } })).complete(staged)
  })

  test.each<[string, FakeAnswer]>([
    ['nothing is there', { status: 404 }],
    ['another is there', { status: 200, headers: { etag: '"0123-1"', 'content-length': '3' } }],
    ['part of it is there', { status: 200, headers: { etag: whole, 'content-length': '2' } }],
    ['something else says that it is', { status: 200, headers: html }],
  ])('does not when %s', async (_, head) => {
    await expect((await store(head)).complete(staged)).rejects.toMatchObject({ code: 'S3_FOREIGN_ANSWER' })
  })
})

test('the ETag of an upload is that of its parts', () => {
  expect(uploadTag(parts)).toBe(whole)
})

describe('a put', () => {
  test.each<[string, FakeAnswer]>([
    ['without an ETag', s3Ok('')],
    ['with a login page', s3Ok(PAGE, html)],
  ])('is not taken for done %s', async (_, answer) => {
    await expect((await start(() => answer)).put(ref, body)).rejects.toMatchObject({ code: 'S3_FOREIGN_ANSWER' })
    expect(fake.calls).toHaveLength(7)
  })

  const wrong = '"0123456789abcdef0123456789abcdef"'
  const store = (head: FakeAnswer) => start(({ call }) => (call.startsWith('PUT') ? s3Ok('', { etag: wrong }) : head))

  test('whose ETag is of other bytes is looked at, and counts in a store that makes ETags in another way', async () => {
    await (await store({ status: 200, headers: { etag: wrong, 'content-length': '3' } })).put(ref, body)
    expect(fake.calls).toEqual([expect.stringMatching(/^PUT/), 'HEAD /results/T/part-0'])
  })

  test.each<[string, FakeAnswer]>([
    ['it is not there', { status: 404 }],
    ['it is shorter', { status: 200, headers: { etag: wrong, 'content-length': '2' } }],
    ['it is another', { status: 200, headers: { etag: '"f"', 'content-length': '3' } }],
  ])('whose ETag is of other bytes is an error when %s', async (_, head) => {
    await expect((await store(head)).put(ref, body)).rejects.toMatchObject({ code: 'S3_FOREIGN_ANSWER' })
  })

  test('under a key of KMS has an ETag of its own', async () => {
    const answer = s3Ok('', { etag: '"kms"', 'x-amz-server-side-encryption': 'aws:kms' })
    await (await start(() => answer)).put(ref, body)
    expect(fake.calls).toHaveLength(1)
  })

  test('as S3 answers it is one request', async () => {
    await (await start(() => s3Tagged(body))).put(ref, body)
    expect(fake.calls).toHaveLength(1)
  })
})

test('a part without an ETag is sent again', async () => {
  let uploads = 0
  const store = await start(({ call }) => {
    if (isPost(call))
      return s3Ok('<InitiateMultipartUploadResult><UploadId>U7</UploadId></InitiateMultipartUploadResult>')
    return uploads++ === 0 ? s3Ok(PAGE, html) : s3Tagged(body)
  })
  expect((await store.stage(ref, body)).parts).toEqual([`"${md5(body)}"`])
  expect(uploads).toBe(2)
})

describe('a get', () => {
  test.each<[string, FakeAnswer]>([
    ['that breaks off', { ...s3Tagged('abcdef', 'abcdef'), cutAt: 3 }],
    ['of a login page', s3Ok(PAGE, html)],
    ['of nothing', s3Ok('')],
  ])('%s is asked for again', async (_, answer) => {
    const store = await start(({ number }) => (number === 0 ? answer : s3Tagged('abcdef', 'abcdef')))
    expect(await store.get(ref)).toEqual(new TextEncoder().encode('abcdef'))
  })

  test.each<[string, FakeAnswer, string]>([
    ['that breaks off', { ...s3Tagged('abcdef', 'abcdef'), cutAt: 3 }, 'S3_UNREACHABLE'],
    ['of a login page', s3Ok(PAGE, html), 'S3_FOREIGN_ANSWER'],
  ])('%s for ever is an error', async (_, answer, code) => {
    await expect((await start(() => answer)).get(ref)).rejects.toMatchObject({ code })
  })

  test('of an empty object is no bytes', async () => {
    expect(await (await start(() => s3Tagged('', '', { 'content-length': '0' }))).get(ref)).toEqual(new Uint8Array())
  })
})

test.each(FOREIGN)('I7: whether an object exists is not told by %s', async (_, { headers = {} }) => {
  const store = await start(() => ({ status: 200, headers }))
  await expect(store.exists(ref)).rejects.toMatchObject({ code: 'S3_FOREIGN_ANSWER' })
})

test.each([
  ...FOREIGN,
  [
    'a page that breaks off',
    s3Ok('<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>', xml),
  ] as const,
])('I7: a list is not empty because of %s', async (_, answer) => {
  const store = await start(() => answer)
  await expect(collect(store.list('results', 'T/'))).rejects.toMatchObject({ service: 's3' })
})

test.each(['delete', 'abort'] as const)('a %s is not done by a login page', async (name) => {
  const store = await start(() => s3Ok(PAGE, html))
  const done = name === 'delete' ? store.delete(ref) : store.abort(staged)
  await expect(done).rejects.toMatchObject({ code: 'S3_FOREIGN_ANSWER' })
})

describe('DynamoDB', () => {
  const task = { job: 'j', stage: 's', task: 't' }
  const item = { version: 1, body: Uint8Array.of(1) }
  const startTable = async (...args: Parameters<typeof fakeService>) => {
    fake = await fakeService(...args)
    return dynamoTable({ table: 'millrace', endpoint: fake.endpoint, ...EMULATED })
  }
  const foreign = FOREIGN.map(([name, answer]) => [name, answer] as const)

  test.each(foreign)('I1: a commit is not made by %s', async (_, answer) => {
    const table = await startTable(() => answer)
    await expect(table.append(task, item)).rejects.toMatchObject({
      code: 'DYNAMODB_FOREIGN_ANSWER',
      message: expect.stringMatching(/PutItem on table millrace was answered by something else/),
    })
    expect(fake.calls).toHaveLength(7)
  })

  test.each(foreign)('I7: a log is not empty, a row not missing or gone because of %s', async (_, answer) => {
    const table = await startTable(() => answer)
    const code = 'DYNAMODB_FOREIGN_ANSWER'
    await expect(table.head(task)).rejects.toMatchObject({ code })
    await expect(table.read(task, { after: 0 })).rejects.toMatchObject({ code })
    await expect(table.listRows('j', '')).rejects.toMatchObject({ code })
    await expect(table.getRow('j', 'meta')).rejects.toMatchObject({ code })
    await expect(table.deleteRow('j', 'meta')).rejects.toMatchObject({ code })
  })

  test('I7: a query is not empty because it was answered with {}', async () => {
    const table = await startTable(() => dynamoOk())
    await expect(table.head(task)).rejects.toMatchObject({ code: 'DYNAMODB_FOREIGN_ANSWER' })
  })

  test.each(foreign)('once %s, then its own answer counts', async (_, answer) => {
    const table = await startTable(({ number }) => (number === 0 ? answer : dynamoOk()))
    expect(await table.append(task, item)).toBe('committed')
  })

  test('I1: a commit that was made behind a foreign answer is a conflict with itself', async () => {
    const table = await startTable(({ number }) =>
      number === 0 ? s3Ok(PAGE, html) : dynamoError('ConditionalCheckFailedException'),
    )
    expect(await table.append(task, item)).toBe('conflict')
  })
})
