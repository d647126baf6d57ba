// `millrace simulate` as a user meets it, in processes of its own.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { programOf } from '../../src/cli/program.ts'
import { holdToSchema } from './in-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const fixture = (name: string): string => new URL(`./fixtures/${name}.ts`, import.meta.url).pathname

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-simulate-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function simulate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const flags = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning']
  try {
    const done = await promisify(execFile)(process.execPath, [...flags, MAIN, 'simulate', ...args])
    return { code: 0, ...done }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('stdout' in error) || !('stderr' in error)) throw error
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) }
  }
}

it('tells the story of what failed, and fails', async () => {
  const { code, stdout } = await simulate(fixture('distinct'), '--seeds', '40', '--processes', '1')
  expect(stdout).toMatch(/^Seed \d+ fails:\ns3:\/\/results\/distinct at T = \d+: .* instead of/)
  expect(stdout).toMatch(/ \d+\. \+0\.0 s {2}process-1 is invoked with lines-/)
  expect(stdout).toMatch(/schedules, \d+ per second: \d+ failed\n$/)
  expect(code).toBe(1)
}, 300_000)

it('says what failed as JSON', async () => {
  const { code, stdout } = await simulate(fixture('distinct'), '--seeds', '40', '--processes', '1', '--json')
  holdToSchema(await programOf(['simulate']), ['simulate'], stdout)
  expect(JSON.parse(stdout).failures.length).toBeGreaterThan(0)
  expect(code).toBe(1)
}, 300_000)

it('runs on records of a file', async () => {
  const file = join(folder, 'records.ndjson')
  const records = Array.from({ length: 12 }, (_, i) => ({ key: `k${i % 3}`, value: { cents: i }, partition: i % 2 }))
  await writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  const { code, stdout, stderr } = await simulate(fixture('orders'), '--records', file, '--seeds', '5', '--coverage')
  expect(stderr.replaceAll(/^\d+ of \d+ schedules.*\n/gm, '')).toBe('') // it says how far it is when it takes long
  expect(stdout).toMatch(/append source .*\n/)
  expect(stdout).toMatch(/5 schedules, \d+ per second: none failed\n$/)
  expect(code).toBe(0)
}, 300_000)

it('says in one line what is missing', async () => {
  const none = await simulate(fixture('orders'))
  expect(none.stderr).toMatch(/^INVALID_OPTION: simulate: the job 'orders' reads json, .* Give records/)
  const file = join(folder, 'bad.ndjson')
  await writeFile(file, '{"value":1}\n{"valu":1}\n')
  const bad = await simulate(fixture('orders'), '--records', file)
  expect(bad.stderr).toMatch(/^INVALID_OPTION: .*bad\.ndjson, line 2: not a record/)
  const other = await simulate(fixture('orders'), '--job', 'order')
  expect(other.stderr).toMatch(/^INVALID_OPTION: .* has no job 'order', only orders/)
  for (const { code, stderr } of [none, bad, other]) {
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
}, 300_000)
