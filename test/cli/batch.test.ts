// `millrace batch` as a user meets it, in processes of its own: what it says, what it ends with, and that it may be run again.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { programOf } from '../../src/cli/program.ts'
import { type NodeProcess, runNode } from '../support/node-process.ts'
import { holdToSchema } from './in-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const JOBS = new URL('./fixtures/batch-jobs.ts', import.meta.url).pathname
const FLAGS = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning']

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-batch-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const env = () => ({ ...process.env, TMPDIR: folder })
const batch = (...args: string[]): Promise<NodeProcess> =>
  runNode([...FLAGS, MAIN, 'batch', JOBS, ...args], { env: env() })

const BASE = 1_769_860_800_000
const T = BASE + 5000

/** Lines `n`, one each second. */
async function numbers(name: string, count: number, from = 0): Promise<string> {
  const path = join(folder, name)
  const lines = Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ n: from + i, at: BASE + (from + i) * 1000 })}\n`,
  )
  await writeFile(path, lines.join(''))
  return path
}

async function published(name = 'out'): Promise<Record<string, string>> {
  const root = join(folder, name)
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.staging'))
    .map((entry) => join(entry.parentPath, entry.name))
  const texts = paths.sort().map(async (path) => [path.slice(root.length + 1), await readFile(path, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

const out = () => ['--out', join(folder, 'out')]

describe('millrace batch', () => {
  it('runs a job over a file, and says what it did', async () => {
    const file = await numbers('n.ndjson', 3)
    const done = await batch('--job', 'copy', '--topic', `numbers=${file}`, '--time', 'at', ...out(), '--json')
    expect(done.stderr).toContain('job copy over numbers (1 partition); results go below')
    expect(done.stderr).toMatch(
      /job copy: 3 records in 1 batch, from T \S+ to \S+, [\d.]+ s\n1 result published \(1 object\) below/,
    )
    holdToSchema(await programOf(['batch']), ['batch'], done.stdout)
    expect(JSON.parse(done.stdout)).toMatchObject({
      job: 'copy',
      records: 3,
      batches: 1,
      written: 1,
      alike: 0,
      interrupted: false,
    })
    expect(done.code).toBe(0)
    expect(await published()).toEqual({
      [`results/copy-${T}/_SUCCESS`]: '',
      [`results/copy-${T}/part-numbers-0-00000000000000000000`]: '0\n1\n2\n',
    })
    expect((await readdir(folder)).filter((name) => name.startsWith('millrace-batch'))).toEqual([])
  })

  it('leaves what says the same, and refuses what does not', async () => {
    const file = await numbers('n.ndjson', 12)
    const args = ['--job', 'copy', '--topic', `numbers=${file}`, '--time', 'at', ...out()]
    await batch(...args)
    const before = await published()
    const again = await batch(...args)
    expect(again.stderr).toContain('3 results were there already and said the same')
    const part = await batch(...args, '--from', '2')
    expect(part.code).toBe(3)
    expect(part.stderr).toContain(
      `OBJECTS_DIFFER: s3://results/copy-${T}/ was not written: it holds other results of this batch`,
    )
    expect(await published()).toEqual(before)
    const replaced = await batch(...args, '--from', '2', '--replace')
    expect(replaced.code).toBe(0)
    expect(replaced.stderr).toContain('1 of them replaces what was there')
    expect(await published()).toMatchObject({ [`results/copy-${T}/part-numbers-0-00000000000000000002`]: '2\n3\n4\n' })
  })

  it('prints to standard output, and calls functions of the job unless told not to', async () => {
    const file = await numbers('n.ndjson', 2)
    const args = ['--job', 'effects', '--topic', `numbers=${file}`, '--time', 'at', ...out()]
    const done = await batch(...args)
    expect(done.stderr).toContain('functions of foreachRDD are called; --no-effects leaves them out')
    expect(done.stdout).toBe(`did ${T}: 0,1\n`)
    const without = await batch(...args, '--no-effects')
    expect(without.stderr).toContain('functions of foreachRDD are not called')
    expect(without.stderr).toContain('1 call of foreachRDD left out')
    expect(without.stdout).toBe('')
  })

  it.each([
    [[], 'has several jobs: choose one of them with --job (copy, effects, slow)'],
    [['--job', 'none'], "has no job 'none', only copy, effects, slow"],
    [['--job', 'copy'], 'Where is numbers? Pass --brokers host:port for Kafka, or --topic numbers=./folder'],
    [['--job', 'copy', '--topic', 'others=.'], "--topic: job 'copy' does not read 'others', only numbers."],
    [['--job', 'copy', '--topic', 'numbers'], "'numbers' is not topic=place"],
    [['--job', 'copy', '--topic', 'numbers=/nowhere'], 'There is no /nowhere'],
    [
      ['--job', 'copy', '--topic', 'numbers=.', '--from', 'yesterday'],
      "--from: 'yesterday' is not a place in a partition",
    ],
    [
      ['--job', 'copy', '--brokers', 'localhost:1', '--sasl', 'plain', '--user', 'u'],
      'set KAFKA_PASSWORD, or name a file with --password-file',
    ],
  ])('refuses %o', async (args, message) => {
    const { code, stderr } = await batch(...args)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect(code).toBe(2)
  })
})

describe('a run that does not get to its end', () => {
  /** A job that takes its time, told to stop by `signal` when something is published. */
  async function stopped(
    signal: 'SIGINT' | 'SIGKILL',
    args: readonly string[],
  ): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(process.execPath, [...FLAGS, MAIN, 'batch', JOBS, ...args], {
      env: env(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    try {
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      const ended = once(child, 'close')
      const over = ended.then(() => true)
      for (
        let there = 0;
        there < 2;
        there = Object.keys(await published()).filter((key) => key.endsWith('_SUCCESS')).length
      )
        if (await Promise.race([over, new Promise<false>((resolve) => setTimeout(resolve, 20, false))])) break
      child.kill(signal)
      const [code]: (number | null)[] = await ended
      return { code: code ?? null, stderr }
    } finally {
      child.kill('SIGKILL')
    }
  }

  it.each(['SIGINT', 'SIGKILL'] as const)('by %s has published whole batches, and is run again', async (signal) => {
    const file = await numbers('n.ndjson', 30_000)
    const args = ['--job', 'slow', '--topic', `numbers=${file}`, '--time', 'at']
    const { code, stderr } = await stopped(signal, [...args, ...out()])
    if (signal === 'SIGINT') {
      expect(stderr).toContain('stopped before the end. What is published is whole batches')
      expect(code).toBe(130)
    }
    const some = await published()
    const whole = await batch(...args, '--out', join(folder, 'whole'))
    expect(whole.code).toBe(0)
    const all = await published('whole')
    expect(Object.keys(some).length).toBeLessThan(Object.keys(all).length)
    for (const [key, text] of Object.entries(some)) expect(all[key]).toBe(text)
    expect((await batch(...args, ...out())).code).toBe(0)
    expect(await published()).toEqual(all)
    expect((await readdir(folder)).filter((name) => name.startsWith('millrace-batch-'))).toEqual([])
  })
})
