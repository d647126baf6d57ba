import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import {
  type ChildProcessInvoker,
  type ChildProcessOptions,
  childProcessInvoker,
} from '../../../src/local/invoker/child-process.ts'
import { until } from '../event-source/until.ts'
import { invokerContract } from './invoker.contract.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const opened: ChildProcessInvoker[] = []
afterEach(async () => {
  for (const invoker of opened.splice(0)) await invoker.close()
})

function open(options: Partial<ChildProcessOptions> = {}): ChildProcessInvoker {
  const invoker = childProcessInvoker({
    module: fixture('function.ts'),
    execArgv: [],
    initTimeoutMs: 60_000,
    ...options,
  })
  opened.push(invoker)
  return invoker
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

invokerContract('child process', { open: async (options) => open(options) })

it('answers Runtime.ExitError when the process ends, and starts another', async () => {
  const invoker = open()
  const before = await invoker.invoke('{"do":"pid"}')
  expect(await invoker.invoke('{"do":"exit"}')).toMatchObject({
    ok: false,
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringContaining('exit status 3'),
  })
  const after = await invoker.invoke('{"do":"pid"}')
  expect(after.ok).toBe(true)
  expect(after).not.toEqual(before)
})

it('survives kill -9 in the middle of an invocation', async () => {
  const invoker = open()
  await invoker.invoke('{"do":"count"}')
  const hanging = invoker.invoke('{"do":"hang"}')
  await until('killed', () => invoker.kill() === 1)
  expect(await hanging).toMatchObject({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringContaining('SIGKILL'),
  })
  expect(await invoker.invoke('{"do":"count"}')).toEqual({ ok: true, payload: 1 })
})

it('kills a process that is over its time', async () => {
  const invoker = open({ timeoutMs: 500 })
  await until('one in time', async () => (await invoker.invoke('{"do":"pid"}')).ok)
  const [pid = 0] = invoker.pids()
  expect(await invoker.invoke('{"do":"hang"}')).toMatchObject({ errorType: 'Sandbox.Timedout' })
  expect(alive(pid)).toBe(false)
})

it('runs as many processes as asked side by side, and lets the rest wait', async () => {
  const invoker = open({ concurrency: 2 })
  const results = await Promise.all(Array.from({ length: 6 }, () => invoker.invoke('{"do":"pid"}')))
  expect(new Set(results.map((result) => result.ok && result.payload)).size).toBe(2)
  expect(invoker.pids()).toHaveLength(2)
})

it('keeps to one process under little load', async () => {
  const invoker = open({ concurrency: 4 })
  for (let i = 0; i < 3; i++) await invoker.invoke('{"do":"pid"}')
  expect(invoker.pids()).toHaveLength(1)
})

it('passes on environment variables and what the function writes', async () => {
  const lines: string[] = []
  const invoker = open({ env: { GREETING: 'hello' }, onLog: (line, stream) => lines.push(`${stream}: ${line}`) })
  expect(await invoker.invoke('{"do":"env","value":"GREETING"}')).toEqual({ ok: true, payload: 'hello' })
  expect(await invoker.invoke('{"do":"env","value":"AWS_LAMBDA_FUNCTION_NAME"}')).toEqual({
    ok: true,
    payload: 'local',
  })
  await invoker.invoke('{"do":"log"}')
  await until('both lines', () => lines.length === 2)
  expect(lines.sort()).toEqual(['stderr: to stderr', 'stdout: to stdout'])
})

it.each([
  ['a module that is not there', { module: '/nowhere.ts' }, 'Runtime.ImportModuleError', '/nowhere.ts'],
  ['an export that is not there', { exportName: 'absent' }, 'Runtime.HandlerNotFound', 'absent is undefined'],
  ['an export that is no function', { exportName: 'notAFunction' }, 'Runtime.HandlerNotFound', 'notAFunction'],
  ['a module that throws', { module: fixture('broken.ts') }, 'TypeError', 'cannot load'],
])('reports %s', async (_, options, errorType, message) => {
  const invoker = open(options)
  expect(await invoker.invoke('{}')).toMatchObject({
    ok: false,
    errorType,
    errorMessage: expect.stringContaining(message),
  })
  expect(invoker.pids()).toEqual([])
})

it('leaves no process behind when it is closed during an invocation', async () => {
  const invoker = open()
  await invoker.invoke('{"do":"pid"}')
  const [pid = 0] = invoker.pids()
  const hanging = invoker.invoke('{"do":"hang"}')
  await invoker.close()
  expect(await hanging).toMatchObject({ ok: false, errorType: 'InvokerClosed' })
  expect(alive(pid)).toBe(false)
})
