// `millrace offsets show|set|export|import` and `millrace undo`, over a folder in which a job has run: its topic, its log, its results.

import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { copying } from '../support/driven.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent } from '../support/kafka-events.ts'
import { inProcess } from './in-process.ts'

// The clock of the command line is today's: a folder deletes nothing, so entries past their time count.
const START = 1_700_000_000_000
const at = (i: number): string => new Date(START + i * 100).toISOString()

let dir: string
let services: ReturnType<typeof embedded>
let topics: FolderTopics
let deliver: (from: number, until: number) => Promise<unknown>

/** Ten records of one partition, of which the job has counted six. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-positions-'))
  services = embedded(dir)
  topics = new FolderTopics(dir)
  topics.create('lines', { partitions: 1 })
  const letters = [...'abcdefghij']
  for (const [i, value] of letters.entries())
    topics.append([
      { topic: 'lines', partition: 0, key: null, value: Buffer.from(value), headers: [], timestamp: START + i * 100 },
    ])
  const { table, objects, variables } = services
  const environment = { ...memoryEnvironment(START + 10_000), table, objects, bucket: variables.MILLRACE_BUCKET ?? '' }
  const handler = lambda(copying(), { environment })
  deliver = (from, until) =>
    handler(
      kafkaEvent({
        'lines-0': letters
          .slice(from, until)
          .map((value, i) => ({ offset: from + i, timestamp: START + (from + i) * 100, value })),
      }),
    )
  await deliver(0, 6)
})
afterEach(async () => {
  topics.close()
  await services.stop()
  await rm(dir, { recursive: true, force: true })
})

const millrace = (...args: string[]) => inProcess(args, { MILLRACE_DIR: dir })
const json = async (...args: string[]) => JSON.parse((await millrace(...args, '--json')).stdout)

it('shows where a job stands, and how far behind it is', async () => {
  const shown = await millrace('offsets', 'show', 'copy')
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/^topic +partition +position +end +lag\nlines +0 +6 +10 +4\n$/)
  const answer = await json('offsets', 'show', 'copy')
  expect(answer).toEqual({ job: 'copy', positions: [{ topic: 'lines', partition: 0, position: 6, end: 10, lag: 4 }] })
  expect(schemaProblems(JSON.parse((await millrace('offsets', 'show', '--json=help')).stdout), answer)).toEqual([])
})

it('sets a position back: first it is shown, then agreed to, then done', async () => {
  const dry = await millrace('offsets', 'set', 'copy', 'lines', '2')
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toMatch(/lines-0 +6 +→ +2 +4 records will be counted again +next comes one of 20.*Z\n/)
  expect(dry.stdout).toMatch(/Nothing was changed: add --execute, and --yes because records are counted again\.\n$/)
  const refused = await millrace('offsets', 'set', 'copy', 'lines', '2', '--execute')
  expect(refused).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("Up to 4 records of job 'copy' will be counted again."),
  })

  const done = await json(
    'offsets',
    'set',
    'copy',
    'lines:0',
    '2',
    '--execute',
    '--yes',
    '--reason',
    'a bad deployment',
  )
  expect(done).toMatchObject({
    positions: [{ topic: 'lines', partition: 0, from: 6, to: 2, version: 3 }],
    executed: true,
  })
  expect(schemaProblems(JSON.parse((await millrace('offsets', 'set', '--json=help')).stdout), done)).toEqual([])
  expect((await json('offsets', 'show', 'copy')).positions).toMatchObject([{ position: 2, lag: 8, movedFrom: 6 }])
  await deliver(2, 10)
  expect((await json('offsets', 'show', 'copy')).positions).toEqual([
    { topic: 'lines', partition: 0, position: 10, end: 10, lag: 0 },
  ])
})

it('moves the consumer group as well, when it has no members', async () => {
  topics.commit('workers', [{ topic: 'lines', partition: 0, offset: 6 }])
  const done = await millrace(
    'offsets',
    'set',
    'copy',
    'lines',
    `@${at(3)}`,
    '--group',
    'workers',
    '--execute',
    '--yes',
  )
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain(
    'lines-0: 6 → 3, version 3 of its log. To take it back: millrace undo copy lines-0 3 --execute',
  )
  expect(done.stdout).toContain("Consumer group 'workers' goes on there.")
  expect(topics.committed('workers', { topic: 'lines', partition: 0 })).toBe(3)
})

it('skips forward, and takes it back', async () => {
  const done = await millrace('offsets', 'set', 'copy', 'lines', 'end', '--execute')
  expect(done.stdout).toMatch(/lines-0 +6 +→ +10 +4 records will be skipped, and never be counted/)
  const dry = await millrace('undo', 'copy', 'lines-0', '3')
  expect(dry).toMatchObject({ code: 0, stdout: 'lines-0: 10 → 6\nNothing was changed: add --execute.\n' })
  expect(await json('undo', 'copy', 'lines-0', '3', '--execute')).toMatchObject({
    undoes: 3,
    from: 10,
    to: 6,
    version: 4,
  })
  expect(await millrace('undo', 'copy', 'lines-0', '3', '--execute')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('the task stands at 6 now'),
  })
  expect(await millrace('undo', 'copy', 'lines-0', '1')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('it is no move of an operator'),
  })
  expect(await millrace('undo', 'copy', 'lines-0', '77')).toMatchObject({ code: 4 })
})

it('shows the commits of a job, and which were made by hand', async () => {
  await millrace('offsets', 'set', 'copy', 'lines', '2', '--execute', '--yes', '--reason', 'a bad deployment')
  await millrace('undo', 'copy', 'lines-0', '3', '--execute')
  await deliver(6, 8)
  const shown = await millrace('log', 'copy', 'lines-0', '--last', '3')
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/ lines-0 +3 +edit +6 → 2 .* position by \S+: a bad deployment\n/)
  expect(shown.stdout).toMatch(/ lines-0 +4 +edit +2 → 6 .* position by \S+, takes 3 back\n/)
  const schema = JSON.parse((await millrace('log', '--json=help')).stdout)
  const { stdout } = await millrace('log', 'copy', 'close', '--json')
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const line of lines) expect(schemaProblems(schema, line)).toEqual([])
  expect(lines).toContainEqual(expect.objectContaining({ task: 'close/0', kind: 'join' }))
  const one = await millrace('log', 'copy', 'lines-0', '--from', '4', '--last', '1', '--json')
  expect(JSON.parse(one.stdout)).toMatchObject({
    task: 'lines-0',
    version: 4,
    kind: 'edit',
    what: 'position',
    undoes: 3,
  })
  expect(schemaProblems(schema, JSON.parse(one.stdout))).toEqual([])
  expect(await millrace('log', 'copy', 'lines-9')).toMatchObject({ code: 4 })
})

it('exports in the shape of startingOffsets, and imports it', async () => {
  expect(await millrace('offsets', 'export', 'copy')).toEqual({ code: 0, stdout: '{"lines":{"0":6}}\n', stderr: '' })
  const file = join(dir, 'offsets.json')
  await writeFile(file, '{"lines":{"0":-2}}')
  expect((await millrace('offsets', 'import', 'copy', file)).stdout).toMatch(
    /lines-0 +6 +→ +0 +6 records will be counted again/,
  )
  expect(await json('offsets', 'import', 'copy', file, '--execute', '--yes')).toMatchObject({
    positions: [{ to: 0, version: 3 }],
  })
  expect(await millrace('offsets', 'export', 'copy')).toMatchObject({ stdout: '{"lines":{"0":0}}\n' })
})

it.each([
  [['offsets', 'set', 'copy', 'lines', '11'], 2, 'lines-0 has offsets 0 to 9: 11 is beyond its end'],
  [['offsets', 'set', 'copy', 'others', '1'], 2, "knows no partition of a topic 'others', but of lines"],
  [['offsets', 'set', 'copy', 'lines:7', '1'], 4, 'has never seen partition 7 of lines, but 0'],
  [['offsets', 'set', 'nobody', 'lines', '1'], 4, "holds nothing of a job 'nobody'"],
  [['offsets', 'set', 'copy', 'lines', 'yesterday'], 2, "'yesterday' is not a place in a partition"],
  [['offsets', 'import', 'copy', '/nowhere'], 2, 'it cannot be read'],
])('refuses %j', async (args, code, message) => {
  expect(await millrace(...args)).toMatchObject({ code, stderr: expect.stringContaining(message) })
})

it.each([
  ['[]', 'expected an object'],
  ['{"lines":{"x":1}}', 'a partition is a whole number'],
  ['{"lines":{"0":-3}}', '-3 is no offset'],
  ['{"lines":{"0":"1"}}', '"1" is no offset'],
  ['{', 'it is no JSON'],
])('refuses a file that holds %s', async (contents, message) => {
  const file = join(dir, 'offsets.json')
  await writeFile(file, contents)
  expect(await millrace('offsets', 'import', 'copy', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  })
})

it('docs/guide/move-positions.md says what happens', async () => {
  const page = readFileSync(new URL('../../docs/guide/move-positions.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const steps = blocks.flatMap((block) => block.split(/^\$ millrace /m).slice(1))
  expect(steps.length).toBeGreaterThan(4)
  topics.commit('workers', [{ topic: 'lines', partition: 0, offset: 6 }])
  const actual: string[] = []
  for (const step of steps) {
    const [command = ''] = step.split('\n')
    const { code, stdout } = await millrace(...command.split(' '))
    expect({ command, code }).toEqual({ command, code: 0 })
    actual.push(`${command}\n${stdout}`)
  }
  expect(actual).toEqual(steps)
})
