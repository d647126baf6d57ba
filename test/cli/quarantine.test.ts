// `millrace quarantine` over a folder: what was put aside is shown with its reason, and goes back into its topic once.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { job, json } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent } from '../support/kafka-events.ts'
import { inProcess } from './in-process.ts'

const START = Math.floor(Date.now() / 1000 - 3600) * 1000

let dir: string
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'millrace-quarantine-')), '.millrace')
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const millrace = (...args: string[]) => inProcess(args, { MILLRACE_DIR: dir })

const sums = job('sums', { batch: '1s', numPartitions: 1, onPoison: 'quarantine' }, ({ kafka }) => {
  kafka('orders', { value: json<{ k: string; n: number }>() })
    .map(({ value }) => [value.k, value.n] as const)
    .updateStateByKey(
      (values: readonly number[], sum: number | undefined) => {
        if (values.includes(13)) throw new Error('13 is no number for us')
        return values.reduce((a, b) => a + b, sum ?? 0)
      },
      { id: 'sums' },
    )
    .saveAsTextFiles('s3://results/sums')
})

/** Two records that cannot be decoded, and a value on which the function throws. */
async function withTrouble(): Promise<void> {
  const { table, objects, topics, variables, stop } = embedded(dir)
  await topics.create('orders', { partitions: 1 })
  const handler = lambda(sums, {
    environment: { ...memoryEnvironment(START + 100_000), table, objects, bucket: variables.MILLRACE_BUCKET ?? '' },
  })
  const at = (offset: number, second: number) => ({ offset, timestamp: START + second * 1000 })
  await handler(
    kafkaEvent({
      'orders-0': [
        { ...at(0, 0), key: 'a', value: '{"k":"a","n":1}' },
        { ...at(1, 0), key: 'a', value: 'not json', headers: [{ trace: [...Buffer.from('t-1')] }] },
        { ...at(2, 0), key: 'b', value: '{"k":"b","n":13}' },
      ],
    }),
  )
  await handler(
    kafkaEvent({
      'orders-0': [
        { ...at(3, 5), value: '{"k":' },
        { ...at(4, 5), value: '{"k":"c","n":1}' },
      ],
    }),
  )
  await stop()
}

const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

it('shows what was put aside, and why', async () => {
  await withTrouble()
  const { stdout, code } = await millrace('quarantine', 'ls', 'sums')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^orders-0@1 {2}"a" {2}"not json" {2}UNDECODABLE: .*\norders-0@3 {2}null {2}"\{\\"k\\":" /)
  expect(stdout).toMatch(/\nvalues-sums-0-\d+#0 {2}"b" {2}13 {2}sums: .*13 is no number for us\n$/)

  const all = jsonLines((await millrace('quarantine', 'ls', 'sums', '--json')).stdout)
  const schema = JSON.parse((await millrace('quarantine', 'ls', '--json=help')).stdout)
  for (const one of all) expect(schemaProblems(schema, one)).toEqual([])
  expect(all.map(({ id }) => id)).toEqual(['orders-0@1', 'orders-0@3', expect.stringMatching(/^values-sums-0-/)])
  expect(all[0]).toMatchObject({ key: 'a', value: 'not json', headers: [['trace', 't-1']], replayed: 'no' })

  const of = async (...args: string[]) =>
    jsonLines((await millrace('quarantine', 'ls', 'sums', '--json', ...args)).stdout).map(({ id }) => id)
  expect(await of('--kind', 'values')).toHaveLength(1)
  expect(await of('--reason', 'UNDECODABLE', '--limit', '1')).toEqual(['orders-0@1'])
  expect(await of('--topic', 'others')).toEqual([])

  const { stdout: whole } = await millrace('quarantine', 'get', 'sums', 'orders-0@1')
  expect(whole).toMatch(
    /^orders-0@1\n {2}why +UNDECODABLE: .*\n {2}at .*\n {2}key +"a"\n {2}value +"not json"\n {2}header +trace: "t-1"\n {2}object +s3:\/\/.*, line 1\n$/,
  )
  expect(await millrace('quarantine', 'get', 'sums', 'orders-0@99')).toMatchObject({
    code: 4,
    stderr:
      "NOT_FOUND: Job 'sums' has put nothing aside that is called orders-0@99: `millrace quarantine ls sums` shows what there is.\n",
  })
})

it('produces records again, once, with a header that says where they come from', async () => {
  await withTrouble()
  const consumed = async (topic = 'orders') => jsonLines((await millrace('consume', topic, '--format', 'json')).stdout)
  const dry = await millrace('quarantine', 'replay', 'sums')
  expect(dry.stdout).toMatch(
    /^orders-0@1 → orders, partition 0\norders-0@3 → orders, partition 0\nvalues-sums-0-\d+#0 stays: values of a closed batch/,
  )
  expect(dry.stderr).toMatch(/2 records would be produced, .* Nothing was done: add --execute/)
  expect(await consumed()).toEqual([])

  const done = await millrace('quarantine', 'replay', 'sums', '--execute', '--json')
  const schema = JSON.parse((await millrace('quarantine', 'replay', '--json=help')).stdout)
  expect(schemaProblems(schema, JSON.parse(done.stdout))).toEqual([])
  expect(await consumed()).toMatchObject([
    {
      partition: 0,
      timestamp: START,
      key: 'a',
      value: 'not json',
      headers: [
        ['trace', 't-1'],
        ['millrace-replayed-from', 'orders-0@1 of sums'],
      ],
    },
    { key: null, value: '{"k":', headers: [['millrace-replayed-from', 'orders-0@3 of sums']] },
  ])

  const again = await millrace('quarantine', 'replay', 'sums', 'orders-0@1', '--execute')
  expect(again).toMatchObject({
    code: 0,
    stdout: 'orders-0@1 stays: it has been replayed (--again does it once more)\n',
    stderr: 'There is nothing to replay.\n',
  })
  expect((await millrace('quarantine', 'ls', 'sums')).stdout).toContain('orders-0@1 (replayed)  "a"')

  await millrace('topics', 'create', 'mended')
  await millrace('quarantine', 'replay', 'sums', 'orders-0@1', '--again', '--topic', 'mended', '--execute')
  expect(await consumed('mended')).toMatchObject([{ key: 'a', value: 'not json' }])
  expect(await consumed()).toHaveLength(2)
})

it('says so when a replay was begun and never ended, and when the topic is not there', async () => {
  await withTrouble()
  const { table, stop } = embedded(dir)
  const { beginReplay, defaultQuarantine, quarantined } = await import('../../src/runtime/quarantined.ts')
  const { objects } = embedded(dir)
  for await (const one of quarantined(objects, defaultQuarantine('sums', 'millrace-state')))
    if (one.id === 'orders-0@1') await beginReplay(table, 'sums', one.ref, [one.line], { at: 'then', again: false })
  await stop()
  const { stdout } = await millrace('quarantine', 'replay', 'sums')
  expect(stdout).toContain('orders-0@1 stays: a replay of it was begun and not seen to end')
  expect(await millrace('quarantine', 'replay', 'sums', '--topic', 'nowhere', '--execute')).toMatchObject({ code: 4 })
  expect((await millrace('quarantine', 'ls', 'sums', '--reason', 'UNDECODABLE', '--json')).stdout).not.toContain(
    '"yes"',
  )
  expect((await millrace('quarantine', 'replay', 'sums', 'orders-0@1', '--again', '--execute')).stderr).toMatch(
    /^1 record produced again/,
  )
})

it('knows that records may lie elsewhere', async () => {
  await withTrouble()
  expect(await millrace('quarantine', 'ls', 'sums', '--in', 's3://elsewhere/aside')).toMatchObject({
    code: 0,
    stderr: 'Nothing is in s3://elsewhere/aside/.\n',
  })
  expect(await millrace('quarantine', 'ls', 'sums', '--in', 'elsewhere')).toMatchObject({ code: 2 })
  expect(await millrace('quarantine', 'ls', 'others')).toMatchObject({ code: 4 })
  await rm(join(dir, 'objects'), { recursive: true, force: true })
  expect((await millrace('quarantine', 'ls', 'sums')).stderr).toMatch(
    /^Nothing is in .* The job has put 2 records aside, so its setting `quarantine`/,
  )
})
