// `millrace dev` on a job in a folder of its own: the first window, edits while it runs, mistakes, and an end at any moment.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { DevProcess, projectFolder } from '../support/dev-process.ts'

const words = (step: string, settings = "idleAfter: '1s'"): string => `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const words = job('words', { batch: seconds(1), ${settings} }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1] as const)
    .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
    ${step}
})
export const handler = lambda(words)
`
const PRINTS = words('.print()')

let project: Awaited<ReturnType<typeof projectFolder>>
let dev: DevProcess
const start = (...args: string[]): DevProcess => {
  dev = new DevProcess(project.folder, ['words.ts', ...args])
  return dev
}
beforeEach(async () => {
  project = await projectFolder(PRINTS)
})
afterEach(async () => {
  await dev.end('SIGKILL')
  await project.remove()
})

it('shows the first window, takes new code with the state there is, and ends well', async () => {
  start('--from', 'lines=-')
  await dev.shows('millrace dev: words')
  dev.type('to be or not to be\n')
  await dev.shows('(to,2)')
  await project.edit(words(".map(([word, count]) => [word, 'times', count].join(' ')).print()"))
  await dev.shows('new code runs, state is kept')
  dev.type('to sleep\n')
  await dev.shows('to times 3')
  expect(await dev.end()).toBe(0)
  expect(dev.output).toContain('stopped')
  expect(dev.output).not.toMatch(/Warning|deprecat/i)
})

it('shows where code is wrong, and goes on with what was right', async () => {
  start('--from', 'lines=-')
  await dev.shows('millrace dev: words')
  dev.type('to be\n')
  await dev.shows('(to,1)')
  await project.edit(`${PRINTS}\nconst = 1`)
  await dev.shows(/words\.ts:\d+:6/)
  await dev.shows('The code before goes on running')
  dev.type('to do\n')
  await dev.shows('(to,2)')
})

it('shows the difference when code does not fit the state, and waits for an edit', async () => {
  start('--from', 'lines=-')
  await dev.shows('millrace dev: words')
  dev.type('to be\n')
  await dev.shows('(to,1)')
  await project.edit(PRINTS.replace('seconds(1)', 'seconds(2)'))
  await dev.shows('does not fit the state of job words')
  await dev.shows(/! .*batch/)
  dev.type('to do\n')
  await dev.shows('(to,2)')
  await project.edit(`${PRINTS}\n// as it was`)
  dev.type('to go\n')
  await dev.shows('(to,3)')
})

it('shows the line on which the job throws, and delivers again when it is mended', async () => {
  await project.edit(PRINTS.replace("value.split(' ')", "value.missing.split(' ')"))
  start('--from', 'lines=-')
  await dev.shows('millrace dev: words')
  dev.type('to be\n')
  await dev.shows(/at words\.ts:7:\d+/)
  await dev.shows("> 7 |     .flatMap(({ value }) => value.missing.split(' '))")
  await project.edit(PRINTS)
  await dev.shows('(to,1)')
})

it('waits for an edit when nothing can run yet', async () => {
  await project.edit('export const x = 1\n')
  start('--from', 'line=-')
  await dev.shows('✘ words.ts exports no handler of a job')
  await dev.shows('Nothing runs yet')
  await project.edit(PRINTS.replace('seconds(1)', '5'))
  await dev.shows("> 5 | export const words = job('words', { batch: 5,")
  await project.edit(PRINTS)
  await dev.shows('millrace dev: words')
  await dev.shows('no job here reads the topic line. What is read: lines')
})

it('goes on exactly after kill -9, of the worker with it or not', async () => {
  const topics = new FolderTopics(join(project.folder, '.millrace'))
  topics.create('lines', { partitions: 2 })
  let produced = 0
  const produce = (count: number): void => {
    topics.append(Array.from({ length: count }, () => ({ topic: 'lines', value: 'a', partition: produced++ % 2 })))
  }
  for (const whole of [true, false, true]) {
    start()
    await dev.shows('millrace dev: words')
    for (let i = 0; i < 5; i++) {
      produce(20)
      await new Promise((done) => setTimeout(done, 10 * i))
    }
    if (whole) await dev.killAll()
    else await dev.end('SIGKILL')
  }
  start()
  produce(1)
  await dev.shows(`(a,${produced})`)
  expect(await dev.end()).toBe(0)
  expect(topics.lag('words', ['lines'])).toBe(0)
  topics.close()
})

it('ends when nothing answers where Kafka should be', async () => {
  start('--brokers', '127.0.0.1:1')
  await dev.shows('BROKER_UNREACHABLE: No Kafka broker answered at 127.0.0.1:1')
  expect(await dev.end()).toBe(1)
})

it('keeps its things in the folder that MILLRACE_DIR names', async () => {
  const folder = join(project.folder, 'elsewhere')
  vi.stubEnv('MILLRACE_DIR', folder)
  start('--brokers', '127.0.0.1:1')
  vi.unstubAllEnvs()
  await dev.shows('BROKER_UNREACHABLE')
  expect(await dev.end()).toBe(1)
  expect(await readdir(folder)).toContain('millrace.db')
  expect(await readdir(project.folder)).not.toContain('.millrace')
})
