// `millrace tail` over a folder: parts of source tasks and of buckets, and what was printed, by closed batches.

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
import { inProcess } from './in-process.ts'

const START = Math.floor(Date.now() / 1000 - 3600) * 1000

let dir: string
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'millrace-tail-')), '.millrace')
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const tail = (...args: string[]) => inProcess(['tail', ...args], { MILLRACE_DIR: dir })

const words = job('words', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
  const values = kafka('lines', { value: text() }).map(({ value }) => value)
  values.saveAsTextFiles('s3://results/copy')
  values.print()
  const counts = values.countByValue()
  counts.saveAsTextFiles('s3://results/counts', 'txt')
  counts.print()
})

async function ran(seconds: number): Promise<void> {
  const { table, objects, variables, stop } = embedded(dir)
  const handler = lambda(words, {
    environment: { ...memoryEnvironment(START + 100_000), table, objects, bucket: variables.MILLRACE_BUCKET ?? '' },
  })
  for (let i = 0; i <= seconds; i++)
    await handler(kafkaEvent({ 'lines-0': lines([`a${i}`, 'b', 'b'], { from: i * 3, at: START + i * 1000, step: 1 }) }))
  await stop()
}

it('shows batches as they were published', async () => {
  await ran(2)
  const { stdout, code, stderr } = await tail('words')
  expect([code, stderr]).toEqual([0, ''])
  const at = (second: number): string => new Date(START + second * 1000).toISOString()
  for (const [i, time] of [at(1), at(2)].entries()) {
    expect(stdout).toContain(`── ${time}  s3://results/copy, 1 part, 3 lines\na${i}\nb\nb\n`)
    expect(stdout).toMatch(
      new RegExp(
        `── ${time}  s3://results/counts.txt, \\d parts?, 2 lines\n(\\(a${i},1\\)\n\\(b,2\\)|\\(b,2\\)\n\\(a${i},1\\))\n`,
      ),
    )
  }
  expect(stdout).not.toContain(at(3))
  expect(stdout.indexOf(at(1))).toBeLessThan(stdout.indexOf(at(2)))
  expect(stdout.match(/print/g)?.length).toBeGreaterThanOrEqual(4)
})

it('shows one output, from a batch on, so many lines, and JSON', async () => {
  await ran(4)
  const some = await tail('words', 'copy', '--from', String(START + 3000), '--lines', '1')
  expect(some.stdout.split('\n').filter((line) => line.startsWith('──'))).toHaveLength(2)
  expect(some.stdout).toContain('a2\n… and 2 more lines (--lines, --json)\n')
  expect((await tail('words', 'copy', '-n', '1')).stdout.match(/──/g)).toHaveLength(1)

  const schema = JSON.parse((await tail('--json=help')).stdout)
  const all = (await tail('words', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const one of all) expect(schemaProblems(schema, one)).toEqual([])
  expect(all[0]).toMatchObject({
    time: START + 1000,
    kind: 'files',
    output: 's3://results/copy',
    lines: ['a0', 'b', 'b'],
  })
})

it('says when there is nothing', async () => {
  await ran(1)
  expect(await tail('words', 'nobody')).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^NOT_FOUND: words has published nothing of an output with 'nobody'/),
  })
  expect(await tail('others')).toMatchObject({ code: 4 })
  expect(await tail('words', '--from', 'noon')).toMatchObject({ code: 2 })
})
