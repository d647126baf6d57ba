// C4: storage is shown. The table behind DynamoDB's protocol, the command line in a process of its own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { storageOf } from '../../src/runtime/storage.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { type Emulated, startEmulated } from '../support/emulated.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { type NodeProcess, runNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const START = 1_700_000_000_000
const BULK = incompressible(560_000)

const kept = job('kept', { batch: seconds(1), numPartitions: 1 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, BULK] as const)
    .updateStateByKey((values: readonly string[], state: string | undefined) => values[0] ?? state)
    .mapValues((state) => state.length)
    .saveAsTextFiles('s3://results/kept')
})

let folder: string
let services: Emulated
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-storage-'))
  services = await startEmulated(folder)
})
afterEach(async () => {
  await services.stop()
  await rm(folder, { recursive: true, force: true })
})

const millrace = (...args: string[]): Promise<NodeProcess> =>
  runNode(['--conditions=millrace-source', MAIN, ...args], { env: { ...process.env, ...services.variables } })

it('shows what is kept, by task, as a table and as JSON', async () => {
  const { table, objects } = services
  const environment = { ...memoryEnvironment(START), table, objects, bucket: 'state' }
  const handler = lambda(kept, { environment })
  for (let n = 0; n < 3; n++) {
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { from: 2 * n, at: START - 10_000 + 2000 * n }) }))
  }
  await objects.put({ bucket: 'state', key: '_millrace/spill/kept/gone/0/x' }, new Uint8Array(7))

  const shown = await millrace('storage', 'kept', '--bucket', 'state')
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/^stage +task +log +snapshots +spilled +staged\n/)
  expect(shown.stdout).toMatch(/\nsource +lines-0 +\d[\d.]* K?B \(4\) +- +\d.\d MB \(3\) +-\n/)
  expect(shown.stdout).toContain('of tasks that the job does not know: 7 B (1)\nin all: ')

  const json = JSON.parse((await millrace('storage', 'kept', '--bucket', 'state', '--json')).stdout)
  const storage = await storageOf('kept', { table, objects, bucket: 'state' })
  expect(json).toEqual({ job: 'kept', ...storage })
  let bytes = 0
  for await (const object of objects.list('state', '_millrace/')) bytes += object.bytes
  const logs = storage?.tasks.reduce((sum, { log }) => sum + log.bytes, 0) ?? 0
  expect(storage?.total.bytes).toBe(bytes + logs)
  expect(logs).toBeGreaterThan(1000)
})

it('counts over the holes that expired entries leave', async () => {
  const environment = memoryEnvironment(START)
  const handler = lambda(kept, { environment })
  for (let n = 0; n < 9; n++) {
    await handler(kafkaEvent({ 'lines-0': lines(['a'], { from: n, at: START - 10_000 + n }) }))
  }
  const source = async () => {
    const storage = await storageOf('kept', environment)
    return storage?.tasks.find(({ stage }) => stage === 'source')?.log.count
  }
  expect(await source()).toBe(10)
  for (const version of [2, 3, 5, 7, 8])
    environment.table.deleteVersion({ job: 'kept', stage: 'source', task: 'lines-0' }, version)
  expect(await source()).toBe(5)
})

it('says that there is no such job, and what is missing', async () => {
  expect(await millrace('storage', 'other', '--bucket', 'state')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('NOT_FOUND: Table'),
  })
  const bare = await runNode(['--conditions=millrace-source', MAIN, 'storage', 'kept'], {
    env: { PATH: process.env.PATH },
    cwd: folder,
  })
  expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('Pass --table, or set') })
})
