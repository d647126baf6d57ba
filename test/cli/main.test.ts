// The command line as a user meets it, in a process of its own.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }

async function millrace(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const done = await promisify(execFile)(process.execPath, [MAIN, ...args], { env: { ...process.env, ...AWS } })
    return { code: 0, ...done }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('stdout' in error) || !('stderr' in error)) throw error
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) }
  }
}

it('lists its commands', async () => {
  const { code, stdout } = await millrace('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('poller')
})

it('suggests the nearest command', async () => {
  const { code, stderr } = await millrace('polller')
  expect(code).toBe(1)
  expect(stderr).toContain('Did you mean poller?')
})

it('names an endpoint that does not answer, in one line', async () => {
  const { code, stderr } = await millrace('poller', '--endpoint', 'http://127.0.0.1:1')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^LAMBDA_UNREACHABLE: Lambda ListEventSourceMappings on all functions got no answer/)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
