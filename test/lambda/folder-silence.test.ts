// In a folder it is known what waits, so a job that does not say how long to wait for silent partitions need not wait for long (`millrace dev`).

import { expect, it, onTestFinished } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../infra/temp.ts'
import { type Duration, job, text } from '../../src/index.ts'
import { environmentFromVariables } from '../../src/lambda/environment.ts'
import { lambda } from '../../src/lambda/index.ts'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

it('waits for records of the folder that were not read, and for others a second', async () => {
  const folder = await makeTempFolder('silence')
  onTestFinished(() => removeTempFolder(folder))
  const topics = new FolderTopics(folder)
  onTestFinished(() => topics.close())
  topics.create('lines')
  topics.append([{ topic: 'lines', value: 'a' }])
  topics.commit('words', [{ topic: 'lines', partition: 0, offset: 0 }])
  const variables = { MILLRACE_DIR: folder, MILLRACE_FOLDER_GROUP: 'words' }
  const { idleAfter, ended } = environmentFromVariables(variables)
  expect([idleAfter, ended?.('lines-0')]).toEqual([1000, false])
  topics.commit('words', [{ topic: 'lines', partition: 0, offset: 1 }])
  expect(ended?.('lines-0')).toBeUndefined()
  expect(environmentFromVariables({ MILLRACE_DIR: folder })).not.toHaveProperty('idleAfter')
})

it.each<readonly [idleAfter: Duration | undefined, waits: number]>([
  [undefined, 1000],
  ['30s', 30_000],
])('is as long as the place says for a job that says %s', async (idleAfter, waits) => {
  const lines = job('lines', { batch: 1000, ...(idleAfter !== undefined && { idleAfter }) }, ({ kafka }) => {
    kafka('lines', { value: text() }).count().print()
  })
  const woken: number[] = []
  const environment = { ...memoryEnvironment(500), idleAfter: 1000 }
  const waker = { arm: async (_job: string, at: number) => void woken.push(at) }
  const handler = lambda(lines, { environment: { ...environment, waker } })
  await handler(kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: 500, value: 'a' }] }))
  expect(woken).toEqual([500 + waits + 50])
})
