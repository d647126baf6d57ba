// D8 of a record that fits no event: what is printed is a command, and that command alone lets the job go on. The poller and
// the function in this process, the table behind DynamoDB's protocol, the command line in a process of its own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { EmbeddedTopics } from '../../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping } from '../../src/local/event-source/mapping.ts'
import { memorySource } from '../../src/local/event-source/memory-source.ts'
import { type Poller, startPoller } from '../../src/local/event-source/poller.ts'
import { inProcessInvoker } from '../../src/local/invoker/in-process.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { until } from '../local/event-source/until.ts'
import { type Emulated, startEmulated } from '../support/emulated.ts'
import { type NodeProcess, runNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

let folder: string
let services: Emulated
let poller: Poller | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-offsets-'))
  services = await startEmulated(folder)
})
afterEach(async () => {
  await poller?.stop()
  poller = undefined
  await services.stop()
  await rm(folder, { recursive: true, force: true })
})

const millrace = (...args: string[]): Promise<NodeProcess> =>
  runNode(['--conditions=millrace-source', MAIN, ...args], { env: { ...process.env, ...services.variables } })

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})

/** A topic of one partition with `a`, `b`, a record that is too large, and `d`. */
async function start() {
  const topics = new EmbeddedTopics()
  topics.createTopic('lines')
  for (const value of ['a', 'b', 'x'.repeat(10_000), 'd']) topics.append({ topic: 'lines', value })
  const { table, objects } = services
  const environment = { ...memoryEnvironment(), table, objects, clock: { now: () => Date.now() }, bucket: 'state' }
  const errors: string[] = []
  poller = await startPoller({
    mapping: eventSourceMapping({
      functionName: 'f',
      topics: ['lines'],
      consumerGroupId: 'g',
      maximumBatchingWindowMs: 1,
    }),
    source: memorySource(topics),
    invoker: inProcessInvoker(lambda(copy, { environment })),
    oversized: 'skip',
    payloadLimit: 5000,
    backoff: { initialMs: 5, maxMs: 20 },
    onError: (error) => errors.push(error.message),
    onProgress: ({ error }) => error && errors.push(error.errorMessage),
  })
  return {
    errors,
    committed: () => topics.committed('g', { topic: 'lines', partition: 0 }),
    append: (value: string) => topics.append({ topic: 'lines', value }),
  }
}

/** The arguments of the command that a message names. */
const commandIn = (message: string | undefined): string[] =>
  (/millrace (offsets skip .*? --execute)/.exec(message ?? '')?.[1] ?? '').split(' ')

it('D8: the command that the error names lets the job go on, with the hole explained', async () => {
  const { errors, committed } = await start()
  await until('the job stops at the hole', () =>
    errors.some((error) => error.includes('offsets 2 to 2 (1) are missing')),
  )
  const [tooLarge] = errors
  expect(tooLarge).toContain('lines-0 offset 2 makes an event of')
  expect(commandIn(tooLarge)).toEqual(commandIn(errors.at(-1)).map((word) => (word === 'copy' ? '<job>' : word)))

  const dry = await millrace(...commandIn(errors.at(-1)).filter((word) => word !== '--execute'))
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toMatch(/^lines-0: 2 → 3; offset 2 will count as missing .*\nNothing was changed: add --execute/)
  expect(committed()).toBe(3)

  const done = await millrace(...commandIn(errors.at(-1)))
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/^lines-0: 2 → 3; .*\nWritten down\./)
  await until('the job goes on by itself', () => committed() === 4)
})

it('D8: may be said before the job has noticed', async () => {
  const { errors, committed } = await start()
  await until('dropped', () => errors.length > 0)
  await until('the job is known', async () => (await services.table.getRow('copy', 'meta')) !== undefined)
  const done = await millrace(
    'offsets',
    'skip',
    'copy',
    '--topic',
    'lines',
    '--partition',
    '0',
    '--at',
    '2',
    '--execute',
    '--json',
  )
  expect(JSON.parse(done.stdout)).toMatchObject({
    at: 2,
    until: 3,
    before: [],
    holes: [{ from: 2, until: 3 }],
    executed: true,
  })
  await until('all committed', () => committed() === 4)
})

it('refuses what would help nobody', async () => {
  const { errors } = await start()
  await until('stopped', () => errors.some((error) => error.includes('are missing')))
  const at = (offset: string, changes: Record<string, string> = {}) => {
    const flags = { '--topic': 'lines', '--partition': '0', '--at': offset, ...changes }
    return millrace(
      'offsets',
      'skip',
      ...(changes.job ? [changes.job] : ['copy']),
      ...Object.entries(flags).flatMap(([name, value]) => (name === 'job' ? [] : [name, value])),
      '--execute',
    )
  }
  expect(await at('1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has committed lines-0 up to offset 2'),
  })
  expect(await at('2', { '--topic': 'line' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("does not read topic 'line' but lines"),
  })
  expect(await at('2', { job: 'copi' })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("holds no job 'copi'"),
  })
  expect(await at('2', { '--until': '2' })).toMatchObject({ code: 2, stderr: expect.stringContaining('must be above') })
  expect(await at('two')).toMatchObject({ code: 2, stderr: expect.stringContaining('whole number') })
  expect(await at('2', { '--table': 'nowhere' })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('TABLE_MISSING'),
  })
  expect(await services.table.getRow('copy', 'hole#lines-0')).toBeUndefined()
})
