// The first screen of README.md: its job is the one that `millrace init` makes, and its commands are those of getting started, which
// test/e2e/newcomer runs.

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const first = (page: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(read(page))?.[1] ?? ''
const GUIDE = 'docs/guide/getting-started.md'

it('README.md shows the job that millrace init makes', () => {
  const code = read('templates/job/functions/words.ts')
  expect(first('README.md', 'ts')).toBe(code.slice(code.indexOf('import')))
})

it('README.md goes the way of getting started', () => {
  const commands = first('README.md', 'sh').trim().split('\n')
  expect(commands.length).toBeGreaterThan(5)
  const way = [...read(GUIDE).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.split('\n'))
  expect(commands.filter((command) => !way.includes(command))).toEqual([])
})

it('README.md shows what dev prints', () => {
  const [, , , ...counts] = first('README.md', 'text').split('\n')
  expect(counts.join('\n')).toBe(first(GUIDE, 'text'))
})
