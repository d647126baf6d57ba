// What `millrace run` settles before anything starts.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { COMMAND } from '../support/dev-process.ts'
import { runProgram } from '../support/node-process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-run-flags-'))
  await writeFile(join(folder, 'words.ts'), '')
})
afterEach(() => rm(folder, { recursive: true }))

const [node, ...rest] = COMMAND
const run = (args: readonly string[], signal: AbortSignal) =>
  runProgram(node, [...rest, 'run', 'words.ts', ...args], { cwd: folder, env: process.env, signal })

it('refuses a place of state as a parameter of the job: its workers would have another one than the run', async ({
  signal,
}) => {
  const { code, stderr } = await run(['--parameters', 'MILLRACE_DIR=elsewhere'], signal)
  expect(stderr).toContain('--parameters MILLRACE_DIR: where a run keeps state is not a parameter of a job. Use --dir')
  expect(code).toBe(2)
})

it('takes what .env says of brokers and logins', async ({ signal }) => {
  await writeFile(join(folder, '.env'), 'KAFKA_BROKERS=127.0.0.1:1\nKAFKA_SASL_MECHANISM=plain\nKAFKA_USERNAME=u\n')
  const { code, stderr } = await run([], signal)
  expect(stderr).toContain('--user u: set KAFKA_PASSWORD')
  expect(code).toBe(2)
})
