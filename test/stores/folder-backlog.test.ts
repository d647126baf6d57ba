import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../infra/temp.ts'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { waitsIn } from '../../src/stores/folder-backlog.ts'

let folder = ''
let topics: FolderTopics
beforeEach(async () => {
  folder = await makeTempFolder('backlog')
  topics = new FolderTopics(folder)
  topics.create('a-b', { partitions: 2 })
})
afterEach(async () => {
  topics.close()
  await removeTempFolder(folder)
})

it('knows which partitions have records that a group has still to read', () => {
  const waits = waitsIn(folder, 'job')
  topics.append([0, 0, 1].map((partition) => ({ topic: 'a-b', value: 'x', partition })))
  expect(waits('a-b-0')).toBe(false) // nobody knows where the group begins
  topics.commit('job', [{ topic: 'a-b', partition: 0, offset: 1 }])
  topics.commit('other', [{ topic: 'a-b', partition: 1, offset: 0 }])
  expect([waits('a-b-0'), waits('a-b-1'), waits('gone-0')]).toEqual([true, false, false])
  topics.commit('job', [{ topic: 'a-b', partition: 0, offset: 2 }])
  expect(waits('a-b-0')).toBe(false)
})
