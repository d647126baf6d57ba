// docs/limits.md names a test and a source file for each limit: they exist.

import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname

it('docs/limits.md names files that exist', () => {
  const page = readFileSync(`${ROOT}docs/limits.md`, 'utf8')
  const files = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, file]) => file)
  expect(files.length).toBeGreaterThan(40)
  expect(files.filter((file) => !existsSync(`${ROOT}${file}`))).toEqual([])
})
