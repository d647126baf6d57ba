// The commands, and `serve` asked by HTTP as a scheduler does, over real processes and a folder: nothing lost, nothing twice.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePorts } from '../../infra/ports.ts'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { until } from '../local/event-source/until.ts'
import { DevProcess, projectFolder } from '../support/dev-process.ts'
import { inProcess } from './in-process.ts'

/** A window of five minutes: within a test only a drain closes it. */
const WORDS = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const greeting = process.env.GREETING ?? 'no'
export const handler = lambda(job('words', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
  const lines = kafka('lines', { value: text() }).map(({ value }) => value)
  lines.map((value) => greeting + ' ' + value).saveAsTextFiles('s3://out/lines')
  lines.countByWindow('5m', '5m').map((count) => 'sum=' + count).saveAsTextFiles('s3://out/sums')
}))
`

let project: Awaited<ReturnType<typeof projectFolder>>
let dir: string
let topics: FolderTopics
const processes: DevProcess[] = []
beforeEach(async () => {
  project = await projectFolder(WORDS)
  dir = join(project.folder, '.millrace')
  topics = new FolderTopics(dir)
  topics.create('lines', { partitions: 2 })
})
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.end('SIGKILL')))
  topics.close()
  await project.remove()
})

function begun(args: readonly string[], command: 'run' | 'serve'): DevProcess {
  const one = new DevProcess(project.folder, ['words.ts', ...args], command)
  processes.push(one)
  return one
}
const cli = (...args: string[]) => inProcess(args, { MILLRACE_DIR: dir })
let produced = 0
function produce(count: number): void {
  topics.append(Array.from({ length: count }, () => ({ topic: 'lines', value: 'a', partition: produced++ % 2 })))
}
async function written(prefix: string): Promise<string[]> {
  const folder = join(dir, 'objects', 'out')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const parts = names.filter((one) => one.startsWith(prefix) && /part-[^/]*$/.test(one)).sort()
  const texts = await Promise.all(parts.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((one) => one.split('\n').filter(Boolean))
}
const lines = (count: number) => until(`${count} lines`, async () => (await written('lines')).length >= count)
const sum = async (): Promise<number> =>
  (await written('sums')).reduce((all, line) => all + Number(line.split('=')[1]), 0)

it('starts, tells, drains and remembers a job that is asked for by HTTP', async () => {
  const [port] = await freePorts(1)
  const flags = ['--listen', `127.0.0.1:${port}`, '--allow', 'GREETING']
  const ask = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/submissions/${path}`, init)
    return JSON.parse(await answer.text())
  }
  const state = (wanted: string, id = 'words-0001') =>
    until(`${id} is ${wanted}`, async () => (await ask(`status/${id}`)).driverState === wanted)
  const create = (environmentVariables: Record<string, string> = {}) =>
    ask('create', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        action: 'CreateSubmissionRequest',
        clientSparkVersion: '3.5.0',
        appResource: 'words',
        mainClass: 'words',
        sparkProperties: { 'spark.app.name': 'words' },
        environmentVariables,
      }),
    })

  let server = begun(flags, 'serve')
  await server.shows('"msg":"listening"')
  produce(10)
  expect(await create({ GREETING: 'hello' })).toMatchObject({ success: true, submissionId: 'words-0001' })
  await state('RUNNING')
  await lines(10)
  expect(await written('lines')).toContain('hello a')

  await server.killAll()
  produce(5)
  server = begun(flags, 'serve')
  await server.shows('"msg":"listening"')
  await lines(15)
  expect(await ask('kill/words-0001?drain=true', { method: 'POST' })).toMatchObject({ success: true })
  await state('FINISHED')
  expect([(await written('lines')).length, await sum()]).toEqual([15, 15])
  expect(new Set(await written('lines'))).toEqual(new Set(['hello a']))

  produce(5)
  expect(await create()).toMatchObject({ success: true, submissionId: 'words-0002' })
  await lines(20)
  await state('FINISHED')
  expect(await ask('kill/words-0002', { method: 'POST' })).toMatchObject({ success: true })
  await state('KILLED', 'words-0002')
  expect((await written('lines')).filter((line) => line === 'no a')).toHaveLength(5)
  expect(await server.end('SIGTERM')).toBe(0)
})

it('pauses, resumes, stops, drains and starts by command, with two processes', async () => {
  const [one, two] = [begun([], 'run'), begun([], 'run')]
  await Promise.all([one.shows('"msg":"started"'), two.shows('"msg":"started"')])
  produce(10)
  await lines(10)
  expect(await cli('pause', 'words')).toMatchObject({ code: 0, stdout: expect.stringContaining('words-0001: paused') })
  produce(10)
  expect(await cli('resume', 'words', '--json')).toMatchObject({ code: 0 })
  await lines(20)
  const drained = await cli('stop', 'words', '--drain')
  expect(drained).toMatchObject({ code: 0, stdout: 'words-0001: drained and stopped: nothing waits\n' })
  expect(drained.stderr).toContain('words: ')
  expect(drained.stderr).toMatch(/Its time is at .* now/)
  expect([(await written('lines')).length, await sum()]).toEqual([20, 20])
  expect(await cli('pause', 'words')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('millrace start words'),
  })

  produce(10)
  expect(await cli('start', 'words', '--param', 'GREETING=hello')).toMatchObject({
    code: 0,
    stdout: 'words-0002: running\n',
  })
  await lines(30)
  expect((await written('lines')).filter((line) => line === 'hello a')).toHaveLength(10)
  expect(await cli('stop', 'words')).toMatchObject({ code: 0 })
  expect(await one.end('SIGTERM')).toBe(0)
  expect(await two.end('SIGTERM')).toBe(0)
})

it('answers 5 when it is not over in time, and when there is nobody to start', async () => {
  const run = begun([], 'run')
  await run.shows('"msg":"started"')
  process.kill(run.pid, 'SIGSTOP')
  const paused = await cli('pause', 'words', '--timeout', '1ms')
  expect(paused).toMatchObject({ code: 5, stderr: expect.stringContaining('goes on') })
  process.kill(run.pid, 'SIGCONT')
  expect(await cli('pause', 'words')).toMatchObject({ code: 0 })
  await run.end('SIGTERM')
  expect(await cli('stop', 'words', '--drain')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('No process runs'),
  })
  expect(await cli('stop', 'words')).toMatchObject({ code: 0 })
  expect(await cli('start', 'words')).toMatchObject({ code: 5, stderr: expect.stringContaining('millrace run') })
})

it.each([
  [['pause', 'nothing'], 4, "nothing of a job 'nothing'"],
  [['start', 'words', '--param', 'GREETING'], 2, '--param name=value'],
  [['start', 'words', '--param', 'NODE_OPTIONS=--import=x'], 2, 'no parameter of a job'],
  [['start', 'words', '--param', 'A-B=x'], 2, 'no name of a parameter'],
  [['stop', 'words', '--timeout', 'soon'], 2, 'duration'],
] as const)('%j is %i', async (args, code, message) => {
  topics.append([{ topic: 'lines', value: 'a' }])
  const said = await cli(...args)
  expect(said.code).toBe(code)
  expect(said.stderr).toContain(message)
})
