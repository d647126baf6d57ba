// The command line as a user meets it, in a process of its own.

import { expect, it } from 'vitest'
import { type NodeProcess, runNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }

const millrace = (...args: string[]): Promise<NodeProcess> =>
  runNode(['--conditions=millrace-source', MAIN, ...args], { env: { ...process.env, ...AWS } })

it('lists its commands', async () => {
  const { code, stdout } = await millrace('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('poller')
})

it('has each under the name by which it is loaded', async () => {
  const { stdout } = await millrace('--help')
  const [, listed = ''] = stdout.split('Commands:')
  const names = [...listed.matchAll(/^ {2}(\w+) /gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]))
  expect(names.length).toBeGreaterThan(10)
  const helps = await Promise.all(names.map((name) => millrace(name, '--help')))
  expect(helps.map(({ stdout: help }) => /^Usage: millrace (\w+)/.exec(help)?.[1])).toEqual(names)
})

it('suggests the nearest command', async () => {
  const { code, stderr } = await millrace('polller')
  expect(code).toBe(2)
  expect(stderr).toContain('Did you mean poller?')
  expect(stderr).toContain('millrace --help lists all commands.')
})

it('names an endpoint that does not answer, in one line', async () => {
  const { code, stderr } = await millrace('poller', '--endpoint', 'http://127.0.0.1:1')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^LAMBDA_UNREACHABLE: Lambda ListEventSourceMappings on all functions got no answer/)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
