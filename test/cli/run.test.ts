// `millrace run` on a folder: counts stay exact when a worker, or all of it, is killed at any moment, and it ends well when asked to.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { DevProcess, projectFolder } from '../support/dev-process.ts'

const WORDS = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const words = job('words', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => { console.log('worker ' + process.pid); return [value, 1] as const })
    .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
    .print()
})
export const handler = lambda(words)
`

let project: Awaited<ReturnType<typeof projectFolder>>
let topics: FolderTopics
let run: DevProcess
let produced = 0
beforeEach(async () => {
  project = await projectFolder(WORDS)
  topics = new FolderTopics(join(project.folder, '.millrace'))
  topics.create('lines', { partitions: 2 })
  produced = 0
})
afterEach(async () => {
  await run.end('SIGKILL')
  topics.close()
  await project.remove()
})

const start = (): DevProcess => {
  run = new DevProcess(project.folder, ['words.ts'], 'run')
  return run
}
const produce = (count: number): void => {
  topics.append(Array.from({ length: count }, () => ({ topic: 'lines', value: 'a', partition: produced++ % 2 })))
}
const workerPid = async (): Promise<number> => {
  const from = run.output.length
  produce(1)
  await run.shows(/worker \d+/, from)
  return Number(/worker (\d+)/.exec(run.output.slice(from))?.[1])
}

it('counts exactly though worker and command are killed, and ends with 0 when asked to', async () => {
  for (const whole of [true, false]) {
    start()
    await run.shows('"msg":"started"')
    for (let i = 0; i < 3; i++) {
      produce(20)
      process.kill(await workerPid(), 'SIGKILL')
      await sleep(20 * i)
    }
    if (whole) await run.killAll()
    else await run.end('SIGKILL')
  }
  start()
  produce(1)
  await run.shows(`(a,${produced})`)
  expect(await run.end('SIGTERM')).toBe(0)
  expect(run.output).toContain('"msg":"stopped"')
  expect(topics.lag('words', ['lines'])).toBe(0)
})
