// docs/errors.md lists every code, and nothing that does not exist.

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname

/** Codes as they stand in the source: the first argument of an error's base class, or an entry of a table of codes. */
const IN_SOURCE = [
  /super\(\s*'([A-Z]+(?:_[A-Z]+)*)'/g,
  /new \w*Error\(\s*'([A-Z]+(?:_[A-Z]+)*)'/g,
  /(?:missing|forbidden|throttled|unreachable|foreign|failed): '([A-Z0-9]+(?:_[A-Z]+)+)'/g,
]

it('docs/errors.md and the source name the same codes', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(`${ROOT}${file}`, 'utf8'))
  const thrown = new Set(
    source.flatMap((text) => IN_SOURCE.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code))),
  )
  const page = readFileSync(`${ROOT}docs/errors.md`, 'utf8')
  const listed = new Set([...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z]+)*)`/g)].map(([, code]) => code))
  expect(thrown.size).toBeGreaterThan(25)
  expect([...thrown].sort()).toEqual([...listed].sort())
})
