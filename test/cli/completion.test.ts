// Completion as a shell meets it: the script in a real bash, with a millrace that is this one; the rest in the process of the test.

import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { candidates } from '../../src/cli/complete.ts'
import { COMMANDS, programOf } from '../../src/cli/program.ts'
import { inProcess } from './in-process.ts'
import { type JobInFolder, jobInFolder } from './job-in-folder.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

let place: JobInFolder
beforeAll(async () => {
  place = await jobInFolder()
})
afterAll(() => place.remove())

const complete = (...words: string[]) => candidates(words, Object.keys(COMMANDS), programOf)

describe('what could come next', () => {
  it('is a command, one inside it, a flag, a choice', async () => {
    expect(await complete('sta')).toEqual(expect.arrayContaining(['state', 'status']))
    expect(await complete('topics', '')).toEqual(['list', 'describe', 'create', 'alter', 'delete'])
    expect(await complete('topics', 'create', '--part')).toEqual(['--partitions'])
    expect(await complete('consume', 'lines', '-f', '')).toEqual(['value', 'key:value', 'json', 'hex'])
    expect(await complete('completion', 'z')).toEqual(['zsh'])
    expect(await complete('cost', '--region', 'eu-c')).toEqual(['eu-central-1'])
  })

  it('is a name that is there', async () => {
    const at = ['--dir', place.dir]
    expect(await complete('status', ...at, '')).toEqual(['counts'])
    expect(await complete('cost', ...at, '--measured', 'co')).toEqual(['counts'])
    expect(await complete('state', 'get', 'counts', ...at, '')).toEqual(['totals'])
    expect(await complete('topics', 'describe', ...at, '')).toEqual(['lines'])
    expect(await complete('consume', ...at, '')).toEqual(['lines'])
  })

  it('is nothing where a file is meant, or nobody knows', async () => {
    expect(await complete('plan', 'func')).toEqual([])
    expect(await complete('nothing', '')).toEqual([])
    expect(await complete('status', '--dir', '/nowhere', '')).toEqual([])
    expect(await complete('status', 'counts', '')).toEqual([])
  })
})

it('completes in bash, by the script that is printed', async () => {
  const { stdout: script } = await inProcess(['completion', 'bash'])
  const command = join(place.folder, 'millrace')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' --conditions=millrace-source '${MAIN}' "$@"\n`)
  chmodSync(command, 0o755)
  const typed = (words: readonly string[]): string[] => {
    const run = `${script}\nCOMP_WORDS=(${[command, ...words].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; __mr_complete; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['--norc', '-c', run], { encoding: 'utf8', cwd: place.folder })
    return stdout.split('\n').filter((line) => line !== '')
  }
  expect(typed(['status', ''])).toEqual(['counts'])
  expect(typed(['topi'])).toEqual(['topics'])
  expect(typed(['status', '--dir', '/nowhere', ''])).toEqual([])
}, 60_000)

it.each(['bash', 'zsh', 'fish'])(
  'prints a script for %s that the shell reads, where it is installed',
  async (shell) => {
    const { stdout, code } = await inProcess(['completion', shell])
    expect({ code, asks: stdout.includes('__complete') }).toEqual({ code: 0, asks: true })
    if (spawnSync(shell, ['--version']).error) return console.warn(`${shell} is not installed: its script is not tried`)
    expect(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  },
)

it('takes no other shell', async () => {
  expect(await inProcess(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' })
})
