// A session's records as a test that passes, with node's own runner, on several partitions and with what was delivered twice.

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Recorder } from '../../../src/local/dev/record.ts'
import { projectFolder } from '../../support/dev-process.ts'
import { kafkaEvent } from '../../support/kafka-events.ts'
import { runNode } from '../../support/node-process.ts'

const MODULE = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'
export const words = job('words', { batch: seconds(1) }, ({ kafka }) => {
  const counts = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' ')).countByValue()
  counts.print()
  counts.saveAsTextFiles('s3://results/words')
})
export const handler = lambda(words)
`

let project: Awaited<ReturnType<typeof projectFolder>>
beforeEach(async () => {
  project = await projectFolder(MODULE)
})
afterEach(() => project.remove())

it('is written, and passes', async ({ signal }) => {
  const { folder } = project
  const recorder = new Recorder()
  const event = JSON.stringify(
    kafkaEvent({
      'lines-0': [{ offset: 7, timestamp: 1_764_500_000_100, value: 'to be' }],
      'lines-1': [{ offset: 3, timestamp: 1_764_500_000_200, value: 'or not to be' }],
    }),
  )
  recorder.note('words', event)
  recorder.note('words', event)
  const file = join(folder, 'words.test.ts')
  const said = await recorder.write(file, join(folder, 'words.ts'), folder)
  expect(said).toHaveLength(1)
  const text = await readFile(file, 'utf8')
  expect(text.match(/"value": "to be"/g)).toHaveLength(1)
  expect(text).toContain('(to,2)')
  const { code, stdout } = await runNode(['--conditions=millrace-source', '--test', resolve(file)], {
    env: process.env,
    signal,
  })
  expect(stdout).toContain('pass 1')
  expect(code).toBe(0)
})

it('names what has to be exported', async () => {
  await project.edit(MODULE.replace('export const words', 'const words'))
  const recorder = new Recorder()
  recorder.note('words', JSON.stringify(kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: 1, value: 'x' }] })))
  const file = join(project.folder, 'words.test.ts')
  await expect(recorder.write(file, join(project.folder, 'words.ts'), project.folder)).rejects.toThrow(
    "--record: the module does not export job 'words' itself",
  )
})

it('is not written without records', async () => {
  expect(await new Recorder().write('x.test.ts', 'x.ts', '.')).toEqual([
    '--record: no record was delivered, so x.test.ts was not written',
  ])
})
