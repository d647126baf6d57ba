// What the endpoint invoker makes of the Invoke API's answers; test/integration/poller runs the contract on LocalStack.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { afterEach, expect, it } from 'vitest'
import type { FunctionInvoker } from '../../../src/local/invoker/invoker.ts'
import { lambdaEndpointInvoker } from '../../../src/local/invoker/lambda-endpoint.ts'

process.env.AWS_ACCESS_KEY_ID ??= 'test'
process.env.AWS_SECRET_ACCESS_KEY ??= 'test'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An endpoint that gives one answer after the other, and the last one for ever. */
async function endpoint(...answers: Answer[]): Promise<{ invoker: FunctionInvoker; calls: () => number; url: string }> {
  let calls = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => answers[Math.min(calls++, answers.length - 1)]?.(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const url = `http://127.0.0.1:${port}`
  const invoker = lambdaEndpointInvoker({ functionName: 'f', endpoint: url, region: 'us-east-1', retryForMs: 10_000 })
  cleanups.push(async () => {
    await invoker.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { invoker, calls: () => calls, url }
}

const answers =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body)
const throttled = answers(429, '{"Reason":"ConcurrentInvocationLimitExceeded"}', {
  'x-amzn-errortype': 'TooManyRequestsException',
})

it('tries again while it is throttled, once the function is taken it does not', async () => {
  const { invoker, calls } = await endpoint(throttled, throttled, answers(200, '{"a":1}'))
  expect(await invoker.invoke('{}')).toEqual({ ok: true, payload: { a: 1 } })
  expect(calls()).toBe(3)
})

it('gives up on throttling in the end, by name', async () => {
  const { url } = await endpoint(throttled)
  const invoker = lambdaEndpointInvoker({ functionName: 'f', endpoint: url, region: 'us-east-1', retryForMs: 100 })
  expect(await invoker.invoke('{}')).toMatchObject({ ok: false, errorType: 'TooManyRequestsException' })
  await invoker.close()
})

it('reports what the function reported', async () => {
  const failed = answers(200, '{"errorType":"RangeError","errorMessage":"m","trace":["a","b"]}', {
    'x-amz-function-error': 'Unhandled',
  })
  const { invoker, calls } = await endpoint(failed)
  expect(await invoker.invoke('{}')).toEqual({
    ok: false,
    errorType: 'RangeError',
    errorMessage: 'm',
    trace: ['a', 'b'],
  })
  expect(calls()).toBe(1)
})

it('says what to do about a function that is not there', async () => {
  const { invoker } = await endpoint(answers(404, '{}', { 'x-amzn-errortype': 'ResourceNotFoundException' }))
  expect(await invoker.invoke('{}')).toMatchObject({
    errorType: 'ResourceNotFoundException',
    errorMessage: expect.stringContaining('deploy it'),
  })
})

it('does not send an invocation twice when the connection breaks', async () => {
  const { invoker, calls } = await endpoint((request) => request.socket.destroy())
  expect(await invoker.invoke('{}')).toMatchObject({ ok: false, errorType: 'ECONNRESET' })
  expect(calls()).toBe(1)
})

it.each([1, 3, 7])('does not whatever the client that it is given does (%i attempts)', async (maxAttempts) => {
  const { url, calls } = await endpoint((request) => request.socket.destroy())
  const client = new LambdaClient({ endpoint: url, region: 'us-east-1', maxAttempts })
  const invoker = lambdaEndpointInvoker({ functionName: 'f', client })
  expect(await invoker.invoke('{}')).toMatchObject({ ok: false, errorType: 'ECONNRESET' })
  expect(calls()).toBe(1)
  expect(await invoker.invoke('{}')).toMatchObject({ ok: false, errorType: 'ECONNRESET' })
  expect(calls()).toBe(2)
  client.destroy()
})

it('says at once that the endpoint is not up, and tries no more once the poller stops', async () => {
  const stopping = new AbortController()
  const told: string[] = []
  const invoker = lambdaEndpointInvoker({
    functionName: 'f',
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    onRetry({ errorType, errorMessage }) {
      told.push(`${errorType}: ${errorMessage}`)
      setTimeout(() => stopping.abort(), 500)
    },
  })
  expect(await invoker.invoke('{}', stopping.signal)).toMatchObject({ ok: false, errorType: 'ECONNREFUSED' })
  expect(told).toEqual([expect.stringMatching(/^ECONNREFUSED: Could not invoke f: /)]) // not with every try
  await invoker.close()
})

it('waits for an endpoint that is not up, until it is closed', async () => {
  const invoker = lambdaEndpointInvoker({ functionName: 'f', endpoint: 'http://127.0.0.1:1', region: 'us-east-1' })
  const waiting = invoker.invoke('{}')
  await invoker.close()
  expect((await waiting).ok).toBe(false)
})
