// `millrace init` and `create-millrace`: what they make passes the compiler and its own test, and nothing that is there is touched.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildCreate } from '../../create-millrace/build.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name)
const FROM_SOURCE = '--conditions=millrace-source'
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-init-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(command: readonly string[], cwd = folder) {
  const { status, stdout, stderr } = spawnSync(bin('node'), command, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  return { status, stdout, stderr }
}
const init = (...args: readonly string[]) => run([FROM_SOURCE, join(ROOT, 'src/cli/main.ts'), 'init', ...args])

/** By name the files of a folder. */
function filesIn(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((file) => {
      const full = join(file.parentPath, file.name)
      return [full.slice(path.length + 1), readFileSync(full, 'utf8')]
    }),
  )
}

it('makes a job that compiles and passes its test, and says what to do next', () => {
  const { status, stdout } = init('Hot Words')
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: expect.stringMatching(
      /hot-words: a job .*\n\n {2}cd "Hot Words"\n {2}npm install\n {2}npm test\n {2}npm run dev/,
    ),
  })
  const made = join(folder, 'Hot Words')
  const files = filesIn(made)
  expect(Object.keys(files).sort()).toEqual(
    [
      '.gitignore',
      'README.md',
      'functions/words.ts',
      'package.json',
      'serverless.yml',
      'test/words.test.ts',
      'tsconfig.json',
    ].sort(),
  )
  expect(JSON.stringify(files)).not.toContain('{{')
  expect(JSON.parse(files['package.json'] ?? '')).toMatchObject({
    name: 'hot-words',
    dependencies: { millrace: '^0.1.0' },
  })

  mkdirSync(join(made, 'node_modules'))
  symlinkSync(ROOT, join(made, 'node_modules/millrace'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(made, 'node_modules/@types'))
  const types = spawnSync(bin('tsc'), ['--customConditions', 'millrace-source'], { cwd: made, encoding: 'utf8' })
  expect(types.stdout).toBe('')
  const tested = run([FROM_SOURCE, '--test'], made)
  expect(tested.stdout + tested.stderr).toMatch(/pass 2\b/)
  expect(tested.status).toBe(0)
})

it('refuses a folder that is not empty, and touches nothing in it', () => {
  const taken = join(folder, 'taken')
  mkdirSync(taken)
  writeFileSync(join(taken, 'notes.txt'), 'mine')
  const { status, stderr } = init('taken')
  expect(status).toBe(3)
  expect(stderr).toContain(
    'is not empty (notes.txt), and nothing in it is touched. Name a new folder: npx millrace init taken-2',
  )
  expect(filesIn(taken)).toEqual({ 'notes.txt': 'mine' })
})

it('is what `npm create millrace` makes', async () => {
  const create = join(folder, 'create-millrace')
  await buildCreate(create)
  writeFileSync(join(create, 'package.json'), readFileSync(join(ROOT, 'create-millrace/package.json')))
  expect(run([join(create, 'dist/main.js'), 'job-by-create'])).toMatchObject({ status: 0, stderr: '' })
  init('job-by-init')
  const named = (name: string) => JSON.parse(JSON.stringify(filesIn(join(folder, name))).replaceAll(name, 'NAME'))
  expect(named('job-by-create')).toEqual(named('job-by-init'))
})

it('asks for its own version', () => {
  const versionOf = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')).version
  expect(versionOf('create-millrace/package.json')).toBe(versionOf('package.json'))
})
