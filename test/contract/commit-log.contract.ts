// What every CommitLog promises (src/stores/table.ts): the half of the table's contract that carries I1 and I7.

import { describe, expect, test } from 'vitest'
import type { TaskRef } from '../../src/names/tasks.ts'
import type { CommitLog } from '../../src/stores/table.ts'
import { maxBodyBytes } from '../../src/stores/table-keys.ts'
import { NASTY_NAMES, newJob } from './names.ts'

// toEqual takes over a second for 390 KB.
const sameBytes = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0

const bytes = (...values: number[]) => Uint8Array.from(values)

export function commitLogContract(table: () => CommitLog): void {
  const newTask = (): TaskRef => ({ job: newJob(), stage: 'source', task: 'lines-0' })
  const fill = async (task: TaskRef, versions: number[], bodyBytes = 3) => {
    for (const version of versions)
      await table().append(task, { version, body: new Uint8Array(bodyBytes).fill(version) })
  }
  const versionsOf = async (task: TaskRef, options: { after: number; limit?: number; consistent?: boolean }) =>
    (await table().read(task, options)).map(({ version }) => version)

  describe('commit log', () => {
    test('an empty log has no head and nothing to read', async () => {
      const task = newTask()
      expect(await table().head(task)).toBeUndefined()
      expect(await table().read(task, { after: 0 })).toEqual([])
      expect(await table().read(task, { after: 0, consistent: true })).toEqual([])
    })

    test('what is appended comes back, at once for consistent reads', async () => {
      const task = newTask()
      expect(await table().append(task, { version: 1, body: bytes(1, 2, 3) })).toBe('committed')
      expect(await table().append(task, { version: 2, body: bytes(4), expiresAt: 4102444800 })).toBe('committed')
      expect(await table().head(task)).toEqual({ version: 2, body: bytes(4), expiresAt: 4102444800 })
      expect(await table().read(task, { after: 0, consistent: true })).toEqual([
        { version: 1, body: bytes(1, 2, 3) },
        { version: 2, body: bytes(4), expiresAt: 4102444800 },
      ])
    })

    test('I1: of 50 racers for a version one wins, and its body stays', async () => {
      const task = newTask()
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, racer) => table().append(task, { version: 1, body: bytes(racer) })),
      )
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1)
      expect(await table().head(task)).toEqual({ version: 1, body: bytes(outcomes.indexOf('committed')) })
    })

    test('a version that exists is a conflict and is not overwritten, however old', async () => {
      const task = newTask()
      await fill(task, [1, 2, 3])
      for (const version of [1, 2, 3]) expect(await table().append(task, { version, body: bytes(9) })).toBe('conflict')
      expect((await table().read(task, { after: 0, consistent: true })).map(({ body }) => body[0])).toEqual([1, 2, 3])
    })

    test('versions sort as numbers; reads start after a version and end at a limit', async () => {
      const task = newTask()
      await fill(
        task,
        Array.from({ length: 12 }, (_, i) => i + 1),
      )
      expect((await table().head(task))?.version).toBe(12)
      expect(await versionsOf(task, { after: 8, consistent: true })).toEqual([9, 10, 11, 12])
      expect(await versionsOf(task, { after: 0, limit: 3, consistent: true })).toEqual([1, 2, 3])
      expect(await versionsOf(task, { after: 9, limit: 1, consistent: true })).toEqual([10])
      expect(await versionsOf(task, { after: 0, limit: 0, consistent: true })).toEqual([])
      expect(await versionsOf(task, { after: 12, consistent: true })).toEqual([])
      expect(await versionsOf(task, { after: 100, consistent: true })).toEqual([])
    })

    test('a read that may be stale is a dense run from after + 1', async () => {
      const task = newTask()
      for (let version = 1; version <= 20; version++) {
        await fill(task, [version])
        const seen = await versionsOf(task, { after: 3 })
        expect(seen).toEqual(seen.map((_, i) => i + 4))
        expect(seen.length).toBeLessThanOrEqual(Math.max(0, version - 3))
      }
    })

    test('I7: a gap is an error that names the task and what is missing', async () => {
      const task = newTask()
      await fill(task, [1, 2, 5, 6])
      await expect(table().read(task, { after: 0, consistent: true })).rejects.toMatchObject({
        code: 'LOG_GAP',
        missingFrom: 3,
        missingTo: 4,
        message: expect.stringContaining(`job ${task.job}, stage source, task lines-0 lacks versions 3 to 4`),
      })
      await expect(table().read(task, { after: 2, limit: 1, consistent: true })).rejects.toMatchObject({
        code: 'LOG_GAP',
      })
      expect(await versionsOf(task, { after: 0, limit: 2, consistent: true })).toEqual([1, 2])
      expect(await versionsOf(task, { after: 4, consistent: true })).toEqual([5, 6])
    })

    test('I7: entries that expired at the beginning are a gap as well', async () => {
      const task = newTask()
      await fill(task, [4, 5])
      await expect(table().read(task, { after: 0, consistent: true })).rejects.toMatchObject({
        code: 'LOG_GAP',
        missingFrom: 1,
        missingTo: 3,
      })
    })

    test('an item past its time that was not deleted yet is read like any other', async () => {
      // Within the last minutes, so that no emulator has had its turn of deleting; older than the clocks differ.
      const task = newTask()
      const item = { version: 1, body: bytes(1), expiresAt: Math.floor(Date.now() / 1000) - 2 }
      await table().append(task, item)
      expect(await table().head(task)).toEqual(item)
      expect(await table().read(task, { after: 0, consistent: true })).toEqual([item])
    })

    test('an item is given a time, or a later one, and never an earlier one', async () => {
      const task = newTask()
      await fill(task, [1, 2])
      await table().append(task, { version: 3, body: bytes(3), expiresAt: 4102444800 })
      const soon = Math.floor(Date.now() / 1000) + 3600
      await table().setLife(task, 1, { headUntil: soon })
      await table().setLife(task, 2, { expiresAt: soon + 0.5 })
      await table().setLife(task, 3, { expiresAt: soon })
      expect(await table().read(task, { after: 0, consistent: true })).toEqual([
        { version: 1, body: bytes(1, 1, 1), headUntil: soon },
        { version: 2, body: bytes(2, 2, 2), expiresAt: soon + 1 },
        { version: 3, body: bytes(3), expiresAt: 4102444800 },
      ])
      await table().setLife(task, 1, { headUntil: soon + 10 })
      await table().setLife(task, 3, { expiresAt: 4102444801 })
      expect(await table().head(task)).toEqual({ version: 3, body: bytes(3), expiresAt: 4102444801 })
      expect((await table().read(task, { after: 0, limit: 1, consistent: true }))[0]).toMatchObject({
        headUntil: soon + 10,
      })
    })

    test('a time for an item that is not there makes none', async () => {
      const task = newTask()
      await table().setLife(task, 1, { expiresAt: 4102444800 })
      expect(await table().head(task)).toBeUndefined()
    })

    test('the largest body can be given both times', async () => {
      const task = newTask()
      await table().append(task, { version: 1, body: new Uint8Array(maxBodyBytes(task)) })
      await table().setLife(task, 1, { headUntil: 4102444800 })
      await table().setLife(task, 1, { expiresAt: 4102444800 })
      expect(await table().head(task)).toMatchObject({ headUntil: 4102444800, expiresAt: 4102444800 })
    })

    test('bodies are opaque: empty ones, every byte value, 390 KB', async () => {
      const task = newTask()
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      const large = Uint8Array.from({ length: 390 * 1024 }, (_, i) => (i * 31) & 255)
      for (const [i, body] of [new Uint8Array(0), every, large].entries()) {
        await table().append(task, { version: i + 1, body })
        expect(sameBytes((await table().head(task))?.body, body)).toBe(true)
      }
    })

    test('a body that is a view of a larger buffer is stored alone, and is the store’s own', async () => {
      const task = newTask()
      const buffer = bytes(0, 1, 2, 3, 4)
      await table().append(task, { version: 1, body: buffer.subarray(1, 4) })
      buffer.fill(9)
      const head = await table().head(task)
      expect(head?.body).toEqual(bytes(1, 2, 3))
      head?.body.fill(7)
      expect((await table().head(task))?.body).toEqual(bytes(1, 2, 3))
    })

    test('the largest body that fits is taken, one byte more is refused by name', async () => {
      const task = newTask()
      const max = maxBodyBytes(task)
      expect(await table().append(task, { version: 1, body: new Uint8Array(max), expiresAt: 4102444800 })).toBe(
        'committed',
      )
      await expect(table().append(task, { version: 2, body: new Uint8Array(max + 1) })).rejects.toMatchObject({
        code: 'ITEM_TOO_LARGE',
        bytes: max + 1,
        max,
      })
    })

    test('logs longer than a page of DynamoDB (1 MB) are read whole', async () => {
      const task = newTask()
      await fill(task, [1, 2, 3, 4, 5, 6, 7, 8], 300 * 1024)
      const items = await table().read(task, { after: 0, consistent: true })
      expect(items.map(({ version, body }) => [version, body.length, body[0]])).toEqual(
        [1, 2, 3, 4, 5, 6, 7, 8].map((version) => [version, 300 * 1024, version]),
      )
      expect(await versionsOf(task, { after: 1, limit: 6, consistent: true })).toEqual([2, 3, 4, 5, 6, 7])
    })

    test('nasty names of jobs, stages and tasks are each their own', async () => {
      const job = newJob()
      const tasks: TaskRef[] = NASTY_NAMES.flatMap((name) => [
        { job: `${job}${name}`, stage: 's', task: 't' },
        { job, stage: name, task: 't' },
        { job, stage: 's', task: name },
      ])
      tasks.push({ job, stage: '', task: '' })
      for (const [i, task] of tasks.entries()) {
        expect(await table().append(task, { version: 1, body: bytes(i) })).toBe('committed')
      }
      for (const [i, task] of tasks.entries()) expect((await table().head(task))?.body).toEqual(bytes(i))
    })

    test('names that no key can hold are refused, and so is what is no version', async () => {
      const long = { ...newTask(), task: 'x'.repeat(2100) }
      await expect(table().append(long, { version: 1, body: bytes() })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
      for (const version of [-1, 1.5, Number.NaN, 2 ** 53]) {
        await expect(table().append(newTask(), { version, body: bytes() })).rejects.toMatchObject({
          code: 'INVALID_OPTION',
        })
      }
    })
  })
}
