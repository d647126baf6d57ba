// What is started is stopped, all of it, and nothing else.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bornAt, isRunning, listProcesses, startProcess, stopProcess, until } from '../../infra/process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-process-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const start = (script: string) => startProcess('sh', ['-c', script], { log: join(folder, 'log') })
const membersOf = (session: number) => listProcesses().filter((one) => one.session === session && one.state !== 'Z')

/** Waits for a file to hold that many pids. */
async function pidsIn(file: string, count: number): Promise<number[]> {
  let pids: number[] = []
  await until(async () => {
    pids = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number)
    return pids.length === count
  }, 25_000)
  return pids
}

test('children go with their leader, those in a session of their own included', async () => {
  const own = join(folder, 'own')
  const leader = await start(`sleep 100 & setsid sh -c 'echo $$ > ${own}; sleep 100' & wait`)
  const [child = 0] = await pidsIn(own, 1)
  expect(bornAt(child)).toBeDefined()
  await stopProcess(leader)
  expect(membersOf(leader.pid)).toEqual([])
  await until(() => bornAt(child) === undefined, 25_000)
  await until(() => leader.ended() === 'SIGKILL', 25_000)
})

test('a grace lets it end by itself, with what it wants to do before', async () => {
  const leader = await start('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.02; done')
  await until(async () => (await readFile(join(folder, 'log'), 'utf8')) === 'ready\n', 25_000)
  await stopProcess(leader, 25_000)
  expect(await readFile(join(folder, 'log'), 'utf8')).toBe('ready\nbye\n')
})

test('a grace that is not used ends with SIGKILL', async () => {
  const leader = await start('trap "" TERM; echo ready; while :; do sleep 0.02; done')
  await until(async () => (await readFile(join(folder, 'log'), 'utf8')) === 'ready\n', 25_000)
  await stopProcess(leader, 100)
  expect(isRunning(leader)).toBe(false)
})

test('a pid that is somebody else’s by now is left alone', async () => {
  const other = await start('sleep 100')
  await stopProcess({ pid: other.pid, born: `${other.born}0` })
  expect(isRunning(other)).toBe(true)
  await stopProcess(other)
  await stopProcess(other) // again does no harm
})

test('children of a leader that has died are stopped as well', async () => {
  const pids = join(folder, 'pids')
  const leader = await start(`sh -c 'echo $$ > ${pids}; exec sleep 100' & while [ ! -s ${pids} ]; do :; done; exit 1`)
  const [child = 0] = await pidsIn(pids, 1)
  await until(() => leader.ended() === '1', 25_000)
  await until(() => bornAt(child) === undefined, 25_000)
})

test('a program that is not there is an error', async () => {
  await expect(startProcess('no-such-program', [], { log: join(folder, 'log') })).rejects.toThrow('ENOENT')
})

test('a starter that is killed takes what it has started along, and its folders', async () => {
  const starter = spawn(process.execPath, [fileURLToPath(new URL('fixtures/starter.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line]: Buffer[] = await once(starter.stdout, 'data')
  const started: unknown = JSON.parse(String(line))
  const pid = Number(Reflect.get(Object(started), 'pid'))
  const dir = String(Reflect.get(Object(started), 'dir'))
  await until(() => membersOf(pid).length > 1, 25_000)
  expect(existsSync(dir)).toBe(true)
  starter.kill('SIGKILL')
  await until(() => membersOf(pid).length === 0 && !existsSync(dir), 25_000)
})
