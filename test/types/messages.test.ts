// What the compiler says, in words, of the mistakes that users make.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

/** Each on a line of its own, with what is said of it. */
const MISTAKES: readonly (readonly [code: string, said: string])[] = [
  ['words.reduceByKey((a, b) => a)', "'DStream<string>' is not assignable to method's 'this' of type 'StreamOfPairs<"],
  ['words.transform((batch) => batch.groupByKey())', "of type 'BatchOfPairs<"],
  ['words.map(async (word) => word)', 'This function returns a promise. Use mapAsync(f)'],
  ['words.map((word) => [word, 1]).mapValues(async (n) => n)', 'This function returns a promise. Use mapAsync(f)'],
  [
    'words.transform((batch) => batch.filter(async (word) => word))',
    "'Promise<string>' is not assignable to type 'boolean'",
  ],
  [
    'words.map((word) => [word, 1]).updateStateByKey((values, state) => ({ total: values.length, next: () => state }))',
    'The state is of another type than the values, or is no data: say its type',
  ],
  ["words.window('10 sec')", "'\"10 sec\"' is not assignable to parameter of type 'Duration'"],
]

it('the compiler says what is wrong', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-messages-'))
  try {
    const code = [`import type { DStream } from '${ROOT}/src/index.ts'; declare const words: DStream<string>`]
    writeFileSync(join(folder, 'job.ts'), [...code, ...MISTAKES.map(([mistake]) => mistake)].join('\n'))
    const settings = {
      allowImportingTsExtensions: true,
      noUnusedParameters: false,
      typeRoots: [join(ROOT, 'node_modules/@types')],
    }
    const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: settings, include: ['job.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    const said = new Map(
      [...stdout.matchAll(/job\.ts\((\d+),.*?(?=\n\S|$(?![\s\S]))/gs)].map(([text, line]) => [Number(line), text]),
    )
    for (const [i, [, expected]] of MISTAKES.entries()) expect(said.get(i + 2)).toContain(expected)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
