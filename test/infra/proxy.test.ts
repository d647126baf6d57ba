// The proxy before an emulator, here before a plain HTTP server that writes down what reached it.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FaultProxy, type FaultRates, PROXY_FAULTS, SOME_FAULTS, startProxy } from '../../infra/proxy.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'

interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Whether all of the announced body came. */
  readonly whole: boolean
}

let server: Server
let upstream: string
let arrived: Arrived[] = []
let proxies: FaultProxy[] = []

beforeEach(async () => {
  arrived = []
  proxies = []
  server = createServer((call, answer) => {
    const chunks: Buffer[] = []
    call.on('data', (chunk: Buffer) => chunks.push(chunk))
    call.on('close', () => {
      const { method = '', url = '', headers, complete: whole } = call
      arrived.push({ method, url, headers, body: Buffer.concat(chunks).toString(), whole })
    })
    call.on('error', () => undefined) // a body that was cut
    call.on('end', () => answer.writeHead(201, { 'x-kept': 'yes', etag: '"1"' }).end('the whole answer'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  upstream = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterEach(async () => {
  for (const proxy of proxies) await proxy.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function proxyWith(rates: FaultRates, seed = 1): Promise<FaultProxy> {
  const proxy = await startProxy({ upstream, random: seededRandom(seed).next, rates, delayMs: 20, stallMs: 100 })
  proxies.push(proxy)
  return proxy
}

const post = (proxy: FaultProxy, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${proxy.endpoint}/a%20key?x=1`, { method: 'POST', body: 'a body of some length', headers })

it('lets calls through as they are', async () => {
  const proxy = await proxyWith({})
  const answer = await post(proxy, { 'x-amz-target': 'DynamoDB_20120810.PutItem' })
  expect([answer.status, answer.headers.get('x-kept'), await answer.text()]).toEqual([201, 'yes', 'the whole answer'])
  const head = await fetch(proxy.endpoint, { method: 'HEAD' })
  expect([head.status, head.headers.get('etag')]).toEqual([201, '"1"'])
  expect(arrived[0]).toMatchObject({ method: 'POST', url: '/a%20key?x=1', body: 'a body of some length', whole: true })
  expect(arrived[0]?.headers).toMatchObject({
    host: upstream.slice('http://'.length),
    'x-amz-target': 'DynamoDB_20120810.PutItem',
  })
  expect(proxy.calls).toBe(2)
  expect(proxy.counts.size).toBe(0)
})

it.each(['error', 'throttle', 'reset-before'] as const)('%s: nothing reaches the service', async (fault) => {
  const proxy = await proxyWith({ [fault]: 1 })
  const status = await post(proxy).then(
    (answer) => answer.status,
    () => 'reset',
  )
  expect(status).toBe({ error: 500, throttle: 503, 'reset-before': 'reset' }[fault])
  expect(arrived).toEqual([])
  expect(proxy.counts).toEqual(new Map([[fault, 1]]))
})

it.each(['reset-after', 'error-after', 'half-answer'] as const)('%s: it is done, and nobody is told', async (fault) => {
  const proxy = await proxyWith({ [fault]: 1 })
  const outcome = await post(proxy)
    .then(async (answer) => `${answer.status} ${await answer.text()}`)
    .catch(() => 'reset')
  expect(outcome).toMatch(fault === 'error-after' ? /^500 .*InternalError/ : /^reset$/)
  expect(arrived.map(({ body, whole }) => [body, whole])).toEqual([['a body of some length', true]])
})

it('half-request: the service gets half of the body', async () => {
  const proxy = await proxyWith({ 'half-request': 1 })
  await expect(post(proxy)).rejects.toThrow()
  while (arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(arrived[0]).toMatchObject({ body: 'a body of ', whole: false })
})

it('stall: done at once, answered late', async () => {
  const proxy = await proxyWith({ stall: 1 })
  const started = performance.now()
  expect((await post(proxy)).status).toBe(201)
  expect(performance.now() - started).toBeGreaterThan(90)
})

it('clients of the SDK take what it says for the words of the service', async () => {
  const common = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  for (const [fault, names] of [
    ['error', ['InternalServerError', 'InternalError', 'InternalError', 'S3ServiceException']],
    ['throttle', ['ProvisionedThroughputExceededException', 'RequestThrottled', 'SlowDown', 'S3ServiceException']],
  ] as const) {
    const { endpoint } = await proxyWith({ [fault]: 1 })
    const dynamo = new DynamoDBClient({ ...common, endpoint })
    const sqs = new SQSClient({ ...common, endpoint })
    const s3 = new S3Client({ ...common, endpoint, forcePathStyle: true })
    const errors = await Promise.all([
      dynamo.send(new PutItemCommand({ TableName: 't', Item: {} })).catch(nameOf),
      sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint}/0/q`, MessageBody: 'm' })).catch(nameOf),
      s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'v' })).catch(nameOf),
      s3.send(new HeadObjectCommand({ Bucket: 'b', Key: 'k' })).then(
        () => 'none',
        (error: unknown) => (error instanceof Error ? 'S3ServiceException' : ''),
      ),
    ])
    expect(errors).toEqual(names)
    for (const client of [dynamo, sqs, s3]) client.destroy()
  }
})

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

it('the same seed has the same faults, in about the rates that were asked for', async () => {
  const outcomes = async (seed: number): Promise<(number | string)[]> => {
    const proxy = await proxyWith({ error: 0.2, throttle: 0.2, 'reset-after': 0.1 }, seed)
    const list: (number | string)[] = []
    for (let i = 0; i < 60; i++) {
      list.push(
        await post(proxy).then(
          ({ status }) => status,
          () => 'reset',
        ),
      )
    }
    return list
  }
  const [one, again, other] = [await outcomes(7), await outcomes(7), await outcomes(8)]
  expect(again).toEqual(one)
  expect(other).not.toEqual(one)
  expect(one.filter((outcome) => outcome !== 201).length).toBeGreaterThan(10)
  expect(one.filter((outcome) => outcome === 201).length).toBeGreaterThan(10)
})

it('rates can be set while it runs, and the default ones have every fault', async () => {
  const proxy = await proxyWith({ error: 1 })
  expect((await post(proxy)).status).toBe(500)
  proxy.setRates({})
  expect((await post(proxy)).status).toBe(201)
  expect(Object.keys(SOME_FAULTS).sort()).toEqual([...PROXY_FAULTS].sort())
})
