// A task's log in terms of records: what is too large is spilled, and a lost answer is not taken for somebody else's.

import { describe, expect, it } from 'vitest'
import { encode } from '../../src/log/codec.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'
import type { CommitLog } from '../../src/stores/table.ts'
import { incompressible } from '../support/incompressible.ts'

interface Note {
  readonly kind: 'note'
  readonly text: string
}

const isNote = (value: unknown): value is Note =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'note'

const task = { job: 'a/b', stage: 'source', task: 'lines#1-0' }
const LARGE = incompressible(600_000)

/** What version 1 of the log is bound to. */
const PLACE = 'L#a%2Fb#source#lines%231-0#0000000000000001'

function setUp(changes: Partial<CommitLog> = {}) {
  const [table, objects] = [memoryTable(), memoryObjects()]
  const log = new TaskLog<Note>(task, { ...table, ...changes }, objects, 'state', isNote)
  const again = new TaskLog<Note>(task, table, objects, 'state', isNote)
  const spilled = async (): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of objects.list('state', '')) keys.push(key)
    return keys
  }
  return { table, objects, log, again, spilled }
}

const note = (text: string): Note => ({ kind: 'note', text })

describe('a task log', () => {
  it('gives back records at their versions', async () => {
    const { log } = setUp()
    expect(await log.head()).toBeUndefined()
    expect(await log.append(1, await log.prepare(note('a')))).toBe('committed')
    expect(await log.append(2, await log.prepare(note('b')), 1_000_500)).toBe('committed')
    expect(await log.head()).toMatchObject({ version: 2, record: note('b') })
    expect(await log.read(0)).toMatchObject([
      { version: 1, record: note('a') },
      { version: 2, record: note('b') },
    ])
    expect(await log.read(1, true)).toMatchObject([{ version: 2, record: note('b') }])
  })

  it('rounds the time of expiry up to seconds, and has none for what stays', async () => {
    const { log, table } = setUp()
    await log.append(1, await log.prepare(note('a')), 1_000_500)
    expect((await table.head(task))?.expiresAt).toBe(1001)
    await log.append(2, await log.prepare(note('b')))
    expect(await table.head(task)).not.toHaveProperty('expiresAt')
  })

  it('is fenced: of two with one version the first wins, and nothing of it changes', async () => {
    const { log, again } = setUp()
    await log.append(1, await log.prepare(note('mine')))
    expect(await again.append(1, await again.prepare(note('yours')))).toBe('conflict')
    expect(await again.head()).toMatchObject({ version: 1, record: note('mine') })
  })
})

describe('a lost answer', () => {
  it('whose retry meets its own item is a commit', async () => {
    const { table } = setUp()
    const retrying: Partial<CommitLog> = {
      async append(ref, item) {
        await table.append(ref, item)
        return table.append(ref, item)
      },
      head: table.head,
      read: table.read,
    }
    const log = new TaskLog<Note>(task, { ...table, ...retrying }, memoryObjects(), 'state', isNote)
    expect(await log.append(1, await log.prepare(note('a')))).toBe('committed')
    expect(await log.append(2, await log.prepare(note(LARGE)))).toBe('committed')
  })

  it('is one of another writer when the bytes differ, even if the records are nearly the same', async () => {
    const { log, again } = setUp()
    // Two spilled records of equal contents name different objects: each writer knows its own.
    const [mine, yours] = [await log.prepare(note(LARGE)), await again.prepare(note(LARGE))]
    expect(await again.append(1, yours)).toBe('committed')
    expect(await log.append(1, mine)).toBe('conflict')
  })

  it('that stays unknown is passed on as the error that it is', async () => {
    const { log } = setUp({ append: () => Promise.reject(new Error('timeout')) })
    await expect(log.append(1, await log.prepare(note('a')))).rejects.toThrow('timeout')
  })
})

describe('a record that an item cannot hold', () => {
  it('is spilled before the commit, under an escaped name, and read from there', async () => {
    const { log, again, spilled, table } = setUp()
    const prepared = await log.prepare(note(LARGE))
    expect(await spilled()).toEqual([
      expect.stringMatching(/^_millrace\/spill\/a%2Fb\/source\/lines%231-0\/[0-9a-f-]{36}$/),
    ])
    expect(prepared.spilled).toBeDefined()
    await log.append(1, prepared)
    expect((await table.head(task))?.body.length).toBeLessThan(300)
    expect(await again.head()).toMatchObject({ version: 1, record: note(LARGE) })
    expect(await again.read(0)).toMatchObject([{ version: 1, record: note(LARGE) }])
  })

  it('is not spilled below the limit, and fits an item when it is not', async () => {
    const { log, spilled } = setUp()
    for (const length of [100_000, 500_000, 540_000, 550_000, 560_000, 600_000]) {
      const prepared = await log.prepare(note(LARGE.slice(0, length)))
      expect(await log.append(length, prepared)).toBe('committed') // the memory table refuses what DynamoDB would
      expect(prepared.spilled === undefined).toBe(length <= 540_000)
    }
    expect(await spilled()).toHaveLength(3)
  })

  it('is thrown away when another commit came first', async () => {
    const { log, again, spilled } = setUp()
    const prepared = await log.prepare(note(LARGE))
    await again.append(1, await again.prepare(note('first')))
    expect(await log.append(1, prepared)).toBe('conflict')
    await log.discard(prepared)
    expect(await spilled()).toEqual([])
    expect((await log.head())?.record).toEqual(note('first'))
  })
})

describe('what cannot be read', () => {
  const append = async (body: Uint8Array) => {
    const made = setUp()
    await made.table.append(task, { version: 1, body })
    return made
  }
  const where = 'version 1 of job a/b, stage source, task lines#1-0'

  it('is named: bytes that are not ours', async () => {
    const { log } = await append(Buffer.from('garbage'))
    await expect(log.head()).rejects.toThrow(`Cannot read ${where}: it is not a Millrace record`)
    await expect(log.read(0)).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })

  it('is named: a record of another kind of task', async () => {
    const { log } = await append(encode({ kind: 'other' }, false, PLACE))
    await expect(log.head()).rejects.toThrow(`${where}: it is not a record of this kind of task`)
  })

  it('is named: a spilled record whose object is gone', async () => {
    const { log, objects, spilled } = setUp()
    await log.append(1, await log.prepare(note(LARGE)))
    const [key = ''] = await spilled()
    await objects.delete({ bucket: 'state', key })
    await expect(log.head()).rejects.toThrow(`${where}: its record s3://state/${key} is missing`)
  })

  it('is named: a spilled record whose object is damaged', async () => {
    const { log, objects, spilled } = setUp()
    await log.append(1, await log.prepare(note(LARGE)))
    const [key = ''] = await spilled()
    await objects.put({ bucket: 'state', key }, Buffer.from('Mx'))
    await expect(log.head()).rejects.toThrow(`${where} in s3://state/${key}: it is not a Millrace record`)
  })

  it('is named: a pointer that points nowhere', async () => {
    const { log } = await append(encode({ bucket: 'state' }, true, PLACE))
    await expect(log.head()).rejects.toThrow(`${where}: it names no object`)
  })

  it('is a gap where entries are missing', async () => {
    const { log, table } = setUp()
    for (const version of [1, 2, 3]) await log.append(version, await log.prepare(note(`${version}`)))
    table.deleteVersion(task, 2)
    await expect(log.read(0)).rejects.toMatchObject({ code: 'LOG_GAP' })
  })

  it('is named: an entry that lies where another belongs, of another version or of another task', async () => {
    const { log, table } = setUp()
    await log.append(1, await log.prepare(note('one')))
    const body = (await table.head(task))?.body ?? new Uint8Array()
    await table.append(task, { version: 2, body })
    await expect(log.head()).rejects.toThrow(/version 2 of .* belongs elsewhere/)
    const neighbour = { ...task, task: 'lines#1-1' }
    await table.append(neighbour, { version: 1, body })
    const other = new TaskLog<Note>(neighbour, table, memoryObjects(), 'state', isNote)
    await expect(other.head()).rejects.toThrow('version 1 of job a/b, stage source, task lines#1-1: its checksum')
  })

  it('is named: a spilled record whose object holds another', async () => {
    const { log, objects, spilled } = setUp()
    for (const version of [1, 2]) await log.append(version, await log.prepare(note(LARGE + version)))
    const [first = '', second = ''] = await spilled()
    const body = (await objects.get({ bucket: 'state', key: first })) ?? new Uint8Array()
    await objects.put({ bucket: 'state', key: second }, body)
    await expect(log.read(0)).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })
})
