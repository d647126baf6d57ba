// `millrace status` over a folder in which a job has run, in a process of its own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { runNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const START = 1_700_000_000_000

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-status-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const status = (...args: string[]) =>
  runNode(['--conditions=millrace-source', MAIN, 'status', ...args], { env: process.env, cwd: folder })

it('shows a table, or JSON as its schema says; who is unknown is not found', async () => {
  const dir = join(folder, '.millrace')
  const { table, objects, variables, stop } = embedded(dir)
  const counts = job('counts', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .countByValue()
      .saveAsTextFiles('s3://results/counts')
  })
  const bucket = variables.MILLRACE_BUCKET ?? ''
  const handler = lambda(counts, { environment: { ...memoryEnvironment(START), table, objects, bucket } })
  await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: START - 10_000 }) }))
  await handler(kafkaEvent({ 'lines-0': lines(['c'], { from: 2, at: START - 5000 }) }))
  await stop()

  const shown = await status('counts') // .millrace of the folder it is started in
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/^counts, code .*: batches up to 2023-11-14T22:13:15.000Z are closed/)
  expect(shown.stdout).toMatch(/\nlines-0 +3 +2023-11-14T22:13:15.000Z .* awake +3 +0 +0 +0\n/)

  const json = await status('counts', '--dir', dir, '--json')
  const schema = await status('counts', '--json=help')
  expect(schemaProblems(JSON.parse(schema.stdout), JSON.parse(json.stdout))).toEqual([])
  expect(JSON.parse(json.stdout)).toMatchObject({ job: 'counts', sources: [{ task: 'lines-0' }], waiting: [] })

  const unknown = await status('others', '--dir', dir)
  expect(unknown).toMatchObject({ code: 4, stderr: expect.stringMatching(/^NOT_FOUND: Folder .* a job 'others'/) })
})
