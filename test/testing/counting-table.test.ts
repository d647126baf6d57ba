import { expect, test } from 'vitest'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'
import { countingObjects, countingTable } from '../../src/testing/counting-table.ts'
import { objectStoreContract } from '../contract/object-store.contract.ts'
import { collect } from '../contract/objects.ts'
import { tableContract } from '../contract/table.contract.ts'

tableContract('countingTable', async () => countingTable(memoryTable()).table)

objectStoreContract('countingObjects', async () => {
  const { store } = countingObjects(memoryObjects())
  return { store, another: () => store, bucket: 'results' }
})

test('a table’s calls and bytes are counted', async () => {
  const { table, counts, reset } = countingTable(memoryTable())
  const task = { job: 'j', stage: 's', task: 't' }
  await table.append(task, { version: 1, body: new Uint8Array(10) })
  expect(counts).toEqual({ reads: 0, writes: 1, conflicts: 0, bytesWritten: 10, bytesRead: 0 })
  await table.append(task, { version: 1, body: new Uint8Array(5) })
  await table.createRow('j', 'meta', { rev: 1, data: { a: 'é' } })
  await table.createRow('j', 'meta', { rev: 1, data: {} })
  await table.replaceRow('j', 'meta', { rev: 1, data: {} }, 7)
  await table.putRow('j', 'task#t', { rev: 1, data: {} })
  expect(counts).toEqual({ reads: 0, writes: 6, conflicts: 3, bytesWritten: 10 + 5 + 10 + 2 + 2 + 2, bytesRead: 0 })
  reset()
  await table.head(task)
  await table.read(task, { after: 0 })
  await table.getRow('j', 'meta')
  await table.listRows('j', '')
  await table.head({ ...task, task: 'other' })
  await table.deleteRow('j', 'meta')
  expect(counts).toEqual({ reads: 5, writes: 1, conflicts: 0, bytesWritten: 0, bytesRead: 10 + 10 + 10 + 12 })
})

test('a store’s calls and bytes are counted', async () => {
  const { store, counts, reset } = countingObjects(memoryObjects())
  const ref = { bucket: 'b', key: 'k' }
  await store.put(ref, new Uint8Array(3))
  await store.complete(await store.stage(ref, new Uint8Array(4)))
  await store.abort(await store.stage(ref, new Uint8Array(1)))
  await store.get(ref)
  await store.exists(ref)
  await collect(store.list('b', ''))
  await store.delete(ref)
  expect(counts).toEqual({ reads: 2, writes: 4, lists: 1, deletes: 2, bytesWritten: 8, bytesRead: 4 })
  reset()
  expect(counts).toEqual({ reads: 0, writes: 0, lists: 0, deletes: 0, bytesWritten: 0, bytesRead: 0 })
})
