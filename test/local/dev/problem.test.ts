// An error with the line of the user's own code.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeProblem, describeRefusal, userPlace } from '../../../src/local/dev/problem.ts'
import { failureFrom } from '../../../src/local/invoker/invoker.ts'

const RUNTIME = new URL('../../../src/runtime/batch.ts', import.meta.url).pathname

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-problem-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('shows the line, with those around it', async () => {
  const file = join(folder, 'words.ts')
  await writeFile(file, 'one\ntwo\nthrow new Error()\nfour\nfive\n')
  const trace = ['Error: no', `    at f (${RUNTIME}:10:3)`, `    at words (${file}:3:7)`, '    at node:internal/x:1:1']
  expect(describeProblem({ ok: false, errorType: 'Error', errorMessage: 'no', trace }, folder)).toEqual([
    '✘ Error: no',
    '    at words.ts:3:7',
    '    1 | one',
    '    2 | two',
    '  > 3 | throw new Error()',
    '    4 | four',
  ])
})

it('goes by the cause at the bottom', () => {
  const cause = new RangeError('inside')
  cause.stack = 'RangeError: inside\n    at map (/job/words.ts:7:9)'
  const error = new Error('outside', { cause })
  error.stack = 'Error: outside\n    at run (/job/other.ts:1:1)'
  const { trace = [] } = failureFrom(error)
  expect(trace).toContain('Caused by: RangeError: inside')
  expect(userPlace(trace)).toEqual({ file: '/job/words.ts', line: 7, column: 9 })
})

it('shows the message alone where no frame is the user’s', () => {
  const trace = ['Error: no', '    at x (/a/node_modules/b/c.js:1:1)', '    at file:///gone/%zz']
  expect(describeProblem({ ok: false, errorType: 'E', errorMessage: 'a\nb', trace })).toEqual(['✘ E: a', '  b'])
})

it('shows the place alone where the file is gone', () => {
  const trace = [`    at f (file://${folder}/gone.ts:2:3)`]
  const [, place] = describeProblem({ ok: false, errorType: 'E', errorMessage: 'm', trace }, folder)
  expect(place).toBe('    at gone.ts:2:3')
})

it('says once which module is not run, and the line instead of a trace', async () => {
  const file = join(folder, 'words.ts')
  await writeFile(file, "export const words = job('words', { batch: 5 })\n")
  const trace = `    at job (${RUNTIME}:10:3)\n    at <anonymous> (${file}:1:22)\n    at ModuleJob.run (node:internal/x:1:1)`
  expect(describeRefusal('words.ts', `words.ts cannot be imported.\nError: no\n${trace}`, folder)).toEqual([
    '✘ words.ts cannot be imported.',
    'Error: no',
    '    at words.ts:1:22',
    "  > 1 | export const words = job('words', { batch: 5 })",
    '    2 | ',
  ])
  expect(describeRefusal('words.ts', 'does not fit')).toEqual(['✘ words.ts does not fit'])
  const foreign = ['words.ts cannot be imported.', 'Error: no', '    at x (/a/node_modules/b/c.js:1:1)']
  expect(describeRefusal('words.ts', foreign.join('\n')).slice(1)).toEqual(foreign.slice(1))
})

it.each([
  ['A value cannot be saved: value is a Promise (for map). Use mapAsync.', '    at words.ts:2:4'],
  ['Invalid key for combineByKey(lines): key is undefined.', '    at words.ts:3:4'],
  ['value.f is a function (for totals, of key 1).', '    at words.ts:4:32'],
  ['value.f is a function (for filter).', '    in one of words.ts:5:4, words.ts:5:14'],
  ['value.f is a function (for count).', undefined],
])('finds the operator that %s names', async (errorMessage, shown) => {
  const file = join(folder, 'words.ts')
  const update = '  .updateStateByKey(add, { id: "totals" })'
  await writeFile(file, `lines\n  .map((x) => x)\n  .reduceByKey<X>(add)\n${update}\n  .filter(a).filter(b)\n`)
  const failure = { ok: false, errorType: 'E', errorMessage, trace: [] } as const
  expect(describeProblem(failure, folder, [file])[1]).toBe(shown)
})
