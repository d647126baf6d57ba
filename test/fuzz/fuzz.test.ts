// The fuzzer finds what it must, and finds nothing in the readers of stored and delivered bytes: what it once found is in
// fuzz/corpus/, and runs here again, with some more inputs beside it.

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { mutate, seeded } from '../../fuzz/mutate.ts'

const ROOT = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** Runs of the real thing, in a process of their own: coverage is the process's. */
function fuzz(...args: string[]): Promise<{ code: number; output: string }> {
  const node = ['--conditions=millrace-source', join(ROOT, 'fuzz/main.ts'), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, node, { cwd: scratch }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
    })
  })
}

describe('the fuzzer', () => {
  it('finds a fault that chance would not, and keeps the input', async () => {
    const fixtures = join(import.meta.dirname, 'fixtures')
    const planted = ['--targets', join(fixtures, 'planted.ts'), '--source', `${fixtures}/`, '--corpus', scratch]
    const { code, output } = await fuzz(...planted, '--seed', '1', '--seconds', '240', '--runs', '5000000')
    expect(output).toContain('RangeError: planted')
    expect(code).toBe(1)
    const [file = ''] = readdirSync(join(scratch, 'planted'))
    expect(readFileSync(join(scratch, 'planted', file)).subarray(0, 5)).toEqual(
      Buffer.from([0x4d, 0x52, 0x21, 0x7e, 0x33]),
    )
  }, 300_000)

  it('makes the same changes for the same seed', () => {
    const run = (seed: number) => {
      const random = seeded(seed)
      return Array.from({ length: 50 }, () => mutate(Buffer.from('some input'), Buffer.from('other'), random))
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
  })

  it('knows its targets', async () => {
    const { code, output } = await fuzz('--target', 'nonsense')
    expect(output).toContain(
      'No such target: nonsense. There are parse-event, codec-bytes, codec-values, names, commit-record, snapshot.',
    )
    expect(code).toBe(2)
  }, 120_000)
})

describe('everything that reads what others have written', () => {
  it('answers or refuses by name: the corpus, and some more inputs', async () => {
    const { code, output } = await fuzz(
      '--seed',
      '1',
      '--batch',
      '64',
      '--runs',
      '300',
      '--seconds',
      '250',
      '--failures',
      scratch,
    )
    expect(output).toContain('snapshot: seed')
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' })
  }, 300_000)
})
