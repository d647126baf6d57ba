import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../src/stores/folder-database.ts'
import { sqliteTable } from '../../src/stores/sqlite-table.ts'
import { tableContract } from '../contract/table.contract.ts'
import { runNode } from '../support/node-process.ts'

const RACER = join(import.meta.dirname, 'fixtures/racer.ts')
const TASK = { job: 'race', stage: 's', task: 't' }
const body = new Uint8Array([1])

let temp = ''
let folders = 0
const newFolder = () => join(temp, `folder-${folders++}`)

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), 'millrace-table-'))
})
afterAll(() => rm(temp, { recursive: true, force: true }))

tableContract('sqliteTable', async () => sqliteTable(newFolder()))

/** Processes that open the folder at the same moment and append versions 1 to 50 until all are there; each says which it won. */
async function race(folder: string, processes: number, signal: AbortSignal) {
  const runs = Array.from({ length: processes }, (_, racer) =>
    runNode(['--conditions=millrace-source', RACER, folder, String(racer)], { env: process.env, signal }),
  )
  return Promise.all(runs)
}

describe('sqliteTable and other processes', () => {
  test('I1: of racers in eight processes one wins each version, in a folder that all of them make', async ({
    signal,
  }) => {
    const folder = newFolder()
    const racers = await race(folder, 8, signal)
    expect(racers.map(({ stderr }) => stderr)).toEqual(Array(8).fill(''))
    const won = racers.flatMap(({ stdout }): number[] => JSON.parse(stdout))
    expect(won.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    const table = sqliteTable(folder)
    expect(await table.read(TASK, { after: 0 })).toHaveLength(50)
    table.close()
  })

  test('what was written is there after a restart', async () => {
    const folder = newFolder()
    const first = sqliteTable(folder)
    await first.append(TASK, { version: 1, body, expiresAt: 5 })
    await first.putRow('j', 'meta', { rev: 1, data: { a: [1] } })
    first.close()
    const second = sqliteTable(folder)
    expect(await second.head(TASK)).toEqual({ version: 1, body, expiresAt: 5 })
    expect(await second.getRow('j', 'meta')).toEqual({ rev: 1, data: { a: [1] } })
    second.close()
  })
})

describe('what expires in a folder', () => {
  const versions = async (folder: string, now: number) => {
    const table = sqliteTable(folder, { now: () => now * 1000 })
    const found: number[] = []
    for (let version = 1; version <= 4; version++) {
      const [item] = await table.read(TASK, { after: version - 1, limit: 1 }).catch(() => [])
      if (item) found.push(item.version)
    }
    table.close()
    return found
  }

  test('goes once something was appended after it, and stays as long as the folder lies still', async () => {
    const folder = newFolder()
    let now = 0
    const table = sqliteTable(folder, { now: () => now * 1000 })
    await table.append(TASK, { version: 1, body })
    await table.append(TASK, { version: 2, body, expiresAt: 100 })
    await table.append(TASK, { version: 3, body, expiresAt: 200 })
    expect(await versions(folder, 1e6)).toEqual([1, 2, 3])
    now = 150
    await table.append(TASK, { version: 4, body, expiresAt: 250 })
    expect(await versions(folder, 149)).toEqual([1, 3, 4])
    expect(await versions(folder, 1e6)).toEqual([1, 3, 4])
    table.close()
  })

  test('goes while a process runs as well', async () => {
    const folder = newFolder()
    const table = sqliteTable(folder, { now: () => 1_000_000 })
    for (let version = 1; version <= 300; version++) await table.append(TASK, { version, body, expiresAt: 10 })
    expect((await table.read(TASK, { after: 255 })).length).toBe(45)
    await expect(table.read(TASK, { after: 0 })).rejects.toMatchObject({ code: 'LOG_GAP', missingFrom: 1 })
    table.close()
  })
})

describe('a folder that cannot be opened', () => {
  test('says so: a file in its place, something else in place of the database, a later form', async () => {
    const file = newFolder()
    await writeFile(file, '')
    expect(() => openFolder(file)).toThrow(expect.objectContaining({ code: 'FOLDER_FAILED' }))

    const foreign = newFolder()
    await mkdir(foreign)
    await writeFile(join(foreign, 'millrace.db'), 'x'.repeat(5000))
    expect(() => openFolder(foreign)).toThrow(/is no database: move it away/)

    const later = newFolder()
    openFolder(later).run('PRAGMA user_version = 99')
    expect(() => openFolder(later)).toThrow(/written by a later Millrace \(form 99/)
  })
})
