// Functions on LocalStack run as Node.js processes (infra/localstack/plugin): how they start, fail, time out and end.

import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { InvokeCommand, type LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../../infra/localstack.ts'
import { isRunning, listProcesses, until } from '../../../infra/process.ts'
import { deployFunction, emulatorClient } from '../poller/deploy-function.ts'

const PROBE = fileURLToPath(new URL('fixtures/probe.ts', import.meta.url))

let localstack: LocalStack
let client: LambdaClient

beforeAll(async () => {
  localstack = await startLocalStack()
  client = emulatorClient(localstack.endpoint)
  await Promise.all([
    deployFunction(client, 'probe', { Environment: { Variables: { GREETING: 'hello', TZ: 'Mars' } } }, PROBE),
    deployFunction(client, 'quick', { Timeout: 1, MemorySize: 256 }, PROBE),
    deployFunction(client, 'on-22', { Runtime: 'nodejs22.x' }, PROBE),
    deployFunction(client, 'no-export', { Handler: 'index.missing' }, PROBE),
  ])
})

afterAll(async () => {
  client?.destroy()
  await localstack?.stop()
})

async function invoke(name: string, event: unknown) {
  const answer = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' }),
  )
  const payload: unknown = JSON.parse(Buffer.from(answer.Payload ?? '').toString())
  return { error: answer.FunctionError, payload, logs: Buffer.from(answer.LogResult ?? '', 'base64').toString() }
}

const facts = (pid: unknown, invocations: unknown) => expect.objectContaining({ pid, invocations })

describe('an invocation', () => {
  test('is cold, then warm in the same process', async () => {
    const cold = await invoke('probe', {})
    expect(cold).toMatchObject({ error: undefined, payload: { invocations: 1 } })
    expect(cold.logs).toMatch(
      /loading the probe\n.*START RequestId: .* Version: \$LATEST\n.*END RequestId.*\nREPORT.*Init Duration/s,
    )
    const warm = await invoke('probe', {})
    expect(warm.payload).toEqual(facts(Reflect.get(Object(cold.payload), 'pid'), 2))
    expect(warm.logs).not.toContain('Init Duration')
  })

  test('has the environment of a function, and nothing of this machine but the PATH', async () => {
    const { payload } = await invoke('probe', { do: 'environment' })
    expect(payload).toMatchObject({
      GREETING: 'hello',
      TZ: ':UTC',
      AWS_ENDPOINT_URL: localstack.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'probe',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      TMPDIR: expect.stringContaining(localstack.dir),
      remaining: expect.closeTo(60_000, -3),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const names = Object.keys(Object(payload))
    const ours = names.filter((name) => /^(MILLRACE|PYTHON|HOME|FILESYSTEM_ROOT|REAL_JAVA|npm_|VITEST)/.test(name))
    expect(ours).toEqual([])
  })

  test('runs on the version of Node.js of its runtime', async () => {
    const { payload } = await invoke('on-22', { do: 'environment' })
    expect(payload).toMatchObject({ AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' })
  })

  test('has all of its log lines in its log, in Lambda’s format', async () => {
    const { logs } = await invoke('probe', { do: 'print' })
    expect(logs).toMatch(/y end\nEND RequestId/) // the log in an answer is its last 4 KB
  })

  test('that throws is an error with its type and stack', async () => {
    const { error, payload, logs } = await invoke('probe', { do: 'throw' })
    expect(error).toBe('Unhandled')
    expect(payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'as asked', trace: expect.any(Array) })
    expect(logs).toContain('Invoke Error')
  })

  test.each([
    ['exit', 'exit status 3'],
    ['kill', 'signal: killed'],
    ['reject-later', 'exit status 128'],
  ])('that ends the process (%s) is an error, and the next one starts anew', async (how, end) => {
    const before = await invoke('probe', {})
    const { error, payload } = await invoke('probe', { do: how })
    expect(error).toBe('Unhandled')
    expect(payload).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining(end) })
    const after = await invoke('probe', {})
    expect(after).toMatchObject({ error: undefined, payload: { invocations: 1 } })
    expect(after.payload).not.toMatchObject({ pid: Reflect.get(Object(before.payload), 'pid') })
  })

  test.each(['sleep', 'spin'])('that takes too long (%s) is stopped, and the next one starts anew', async (how) => {
    const started = Date.now()
    const { error, payload, logs } = await invoke('quick', { do: how, ms: 60_000 })
    expect(error).toBe('Unhandled')
    const message = expect.stringContaining('Task timed out after 1.00 seconds')
    expect(payload).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: message })
    expect(logs).toContain('Task timed out after 1.00 seconds')
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000)
    // On a busy machine the next one may take too long as well; then it is the one after that.
    await until(async () => {
      const { error, payload } = await invoke('quick', {})
      expect(error === undefined ? payload : { invocations: 1 }).toMatchObject({ invocations: 1 })
      return error === undefined
    }, 60_000)
  })

  test('of a handler that is not there fails while it starts', async () => {
    const { error, payload } = await invoke('no-export', {})
    expect(error).toBe('Unhandled')
    expect(payload).toMatchObject({ errorType: 'Runtime.HandlerNotFound' })
  })

  test('does not go on between two invocations', async () => {
    await invoke('probe', { do: 'late' })
    const frozen = await invoke('probe', {})
    const before = Number(Reflect.get(Object(frozen.payload), 'ticks'))
    await delay(3000) // 600 ticks, were it not frozen
    const thawed = await invoke('probe', {})
    expect(Number(Reflect.get(Object(thawed.payload), 'ticks')) - before).toBeLessThan(300) // those of the invocation itself, which may be slow
  })

  test('may be 6 MB large in each direction, and not larger', async () => {
    const MB = 1024 * 1024
    const largest = await invoke('probe', { padding: 'x'.repeat(6 * MB - '{"padding":""}'.length) })
    expect(largest.error).toBeUndefined()
    const larger = invoke('probe', { padding: 'x'.repeat(6 * MB) })
    await expect(larger).rejects.toMatchObject({ name: 'RequestTooLargeException' })
    expect((await invoke('probe', { do: 'large', bytes: 6 * MB })).error).toBeUndefined()
    expect(await invoke('probe', { do: 'large', bytes: 6 * MB + 200 })).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Function.ResponseSizeTooLarge' },
    })
  })
})

test('invocations at the same moment run in a process each', async () => {
  const together = await Promise.all(Array.from({ length: 10 }, () => invoke('probe', { do: 'sleep', ms: 5000 })))
  expect(together.map(({ error }) => error)).toEqual(Array(10).fill(undefined))
  expect(new Set(together.map(({ payload }) => Reflect.get(Object(payload), 'pid'))).size).toBe(10)
})

test('a changed configuration takes effect, and the old processes go', async () => {
  const { payload } = await invoke('on-22', {})
  const pid = Number(Reflect.get(Object(payload), 'pid'))
  await client.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: 'on-22', Environment: { Variables: { GREETING: 'new' } } }),
  )
  await until(async () => {
    const { payload } = await invoke('on-22', { do: 'environment' })
    return Reflect.get(Object(payload), 'GREETING') === 'new'
  }, 60_000)
  await until(
    () => listProcesses().every((one) => one.pid !== pid || one.state === 'Z'),
    60_000,
    'end of the old process',
  )
})

test('nothing is left after stop(), functions that spin included', async () => {
  const own = await startLocalStack()
  const lambda = emulatorClient(own.endpoint)
  await deployFunction(lambda, 'probe', {}, PROBE)
  const spinning = lambda
    .send(new InvokeCommand({ FunctionName: 'probe', Payload: '{"do":"spin"}' }))
    .catch(() => 'gone')
  const inSession = () => listProcesses().filter((one) => one.session === own.pid && one.state !== 'Z')
  await until(() => inSession().length > 1, 60_000, 'the function')
  await own.stop()
  expect(await spinning).toBe('gone')
  expect(inSession()).toEqual([])
  expect(isRunning(own)).toBe(false)
  lambda.destroy()
})
