import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { partitionName } from '../../../src/local/event-source/topic-source.ts'
import { folderSource } from '../../../src/local/topics/folder-source.ts'
import { FolderTopics } from '../../../src/local/topics/folder-topics.ts'
import { startNode } from '../../support/node-process.ts'
import { take, topicSourceContract } from '../event-source/topic-source.contract.ts'
import { until } from '../event-source/until.ts'

const MEMBER = join(import.meta.dirname, 'fixtures/member.ts')
const WRITER = join(import.meta.dirname, 'fixtures/writer.ts')

const folders: string[] = []
const open: FolderTopics[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-source-'))
  folders.push(folder)
  return folder
}
const opened = (folder: string): FolderTopics => {
  const topics = new FolderTopics(folder)
  open.push(topics)
  return topics
}
afterAll(async () => {
  for (const topics of open) topics.close()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

// The source and those who look at the topics have connections of their own, as other processes would.
topicSourceContract('a folder', async () => {
  const folder = await newFolder()
  const topics = opened(folder)
  return {
    source: () => folderSource(opened(folder)),
    createTopic: async (name, partitions) => topics.create(name, { partitions }),
    append: async (records) => void topics.append(records),
    committed: async (groupId, partition) => topics.committed(groupId, partition),
  }
})

describe('a folder and other processes', () => {
  let folder: string
  let topics: FolderTopics
  beforeEach(async () => {
    folder = await newFolder()
    topics = opened(folder)
  })
  const stopping: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop()
  })
  const start = (program: string, ...args: string[]) => {
    const child = startNode(['--conditions=millrace-source', program, folder, ...args], { env: process.env })
    stopping.push(() => child.kill())
    return child
  }

  it('shares partitions with a member elsewhere, and takes over when it is killed', async () => {
    topics.create('lines', { partitions: 4 })
    const elsewhere = start(MEMBER)
    await until('it has all', () => elsewhere.output().includes('assigned 4'))
    const source = folderSource(topics)
    stopping.push(() => source.close())
    const member = await source.join({ groupId: 'g', topics: ['lines'], startingPosition: { type: 'TRIM_HORIZON' } })
    await until('two each', () => member.assigned().length === 2 && elsewhere.output().endsWith('assigned 2\n'))
    topics.append(Array.from({ length: 40 }, (_, i) => ({ topic: 'lines', partition: i % 4, value: `${i}` })))
    expect(await take(member, 20)).toHaveLength(20)

    const killedAt = Date.now()
    await elsewhere.kill()
    await until('all four', () => member.assigned().length === 4)
    expect(Date.now() - killedAt).toBeLessThan(30_000) // 5 s, on a machine that does ten other things
    expect(new Set(member.assigned().map(partitionName)).size).toBe(4)
    expect(await take(member, 40)).toHaveLength(40) // nothing was committed
  })

  it('keeps what a writer was told to be written when it is killed, dense and whole', async () => {
    topics.create('lines', { partitions: 2 })
    const writer = start(WRITER)
    await until('it has written', () => writer.output().split('\n').length > 20)
    await writer.kill()
    const acknowledged = Number(writer.output().trim().split('\n').at(-1))
    const found = [0, 1].flatMap((partition) => {
      const records = topics.read({ topic: 'lines', partition, offset: 0 }, 1_000_000)
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i))
      expect(topics.extent({ topic: 'lines', partition }).next).toBe(records.length)
      return records.map(({ value }) => Number(Buffer.from(value ?? []).toString()))
    })
    found.sort((a, b) => a - b)
    expect(found).toEqual(found.map((_, i) => i))
    expect(found.length).toBeGreaterThanOrEqual(acknowledged)
    expect(found.length % 10).toBe(0) // all of a batch, or nothing
    topics.append([{ topic: 'lines', value: 'goes on' }])
  })

  it('sees partitions and topics that come and go', async () => {
    topics.create('lines')
    const source = folderSource(opened(folder))
    stopping.push(() => source.close())
    const member = await source.join({ groupId: 'g', topics: ['lines'], startingPosition: { type: 'TRIM_HORIZON' } })
    topics.setPartitions('lines', 3)
    await until('three', () => member.assigned().length === 3)
    topics.delete('lines')
    await until('none', () => member.assigned().length === 0)
    expect((await member.poll({ maxRecords: 1, maxWaitMs: 10 })).records).toEqual([])
    topics.create('lines', { partitions: 2 })
    await until('two', () => member.assigned().length === 2)
  })
})
