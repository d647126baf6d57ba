import { describe, expect, test } from 'vitest'
import { memoryTable } from '../../src/stores/memory-table.ts'
import { tableContract } from '../contract/table.contract.ts'

tableContract('memoryTable', async () => memoryTable())

describe('memoryTable for the simulator', () => {
  const task = { job: 'j', stage: 's', task: 't' }
  const body = new Uint8Array()

  test('eventually consistent reads miss as many of the newest items as asked for', async () => {
    const table = memoryTable({ staleBy: () => 2 })
    for (const version of [1, 2, 3]) await table.append(task, { version, body })
    expect(await table.read(task, { after: 0 })).toHaveLength(1)
    expect(await table.read(task, { after: 2 })).toHaveLength(0)
    expect(await table.read(task, { after: 0, consistent: true })).toHaveLength(3)
    expect((await table.head(task))?.version).toBe(3)
  })

  test('expired items go when told to, and the gap shows', async () => {
    const table = memoryTable()
    await table.append(task, { version: 1, body, expiresAt: 100 })
    await table.append(task, { version: 2, body, expiresAt: 200 })
    await table.append(task, { version: 3, body })
    expect(table.deleteExpired(99)).toBe(0)
    expect(table.deleteExpired(100)).toBe(1)
    await expect(table.read(task, { after: 0 })).rejects.toMatchObject({
      code: 'LOG_GAP',
      missingFrom: 1,
      missingTo: 1,
    })
    expect(await table.read(task, { after: 1 })).toHaveLength(2)
    expect(table.deleteVersion(task, 2)).toBe(true)
    expect(table.deleteVersion(task, 2)).toBe(false)
    await expect(table.read(task, { after: 1 })).rejects.toMatchObject({
      code: 'LOG_GAP',
      missingFrom: 2,
      missingTo: 2,
    })
  })
})
