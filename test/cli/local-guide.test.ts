// docs/guide/local.md: what it prints after `$` is run in one folder, from top to bottom, and gives what stands below it.

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../support/node-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')

it('docs/guide/local.md says what happens', async ({ signal }) => {
  const page = readFileSync(join(ROOT, 'docs/guide/local.md'), 'utf8')
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const steps = blocks.flatMap((block) => block.split(/^\$ /m).slice(1))
  expect(steps.length).toBeGreaterThan(5)
  const cwd = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
  const { MILLRACE_DIR: _, KAFKA_BROKERS: __, ...env } = process.env
  try {
    for (const step of steps) {
      const [command = '', ...output] = step.split('\n')
      const script = `millrace() { '${process.execPath}' --conditions=millrace-source '${MAIN}' "$@"; }\n${command}`
      const { code, stdout, stderr } = await runProgram('sh', ['-c', script], { env, cwd, signal })
      expect({ command, code, stdout }, stderr).toEqual({ command, code: 0, stdout: output.join('\n') })
    }
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})
