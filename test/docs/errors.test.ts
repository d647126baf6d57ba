// docs/errors.md lists every code with its kind, and nothing that does not exist.

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { KINDS } from '../../src/errors/kinds.ts'
import { MillraceError, TransientError } from '../../src/index.ts'

const ROOT = new URL('../../', import.meta.url).pathname

/** Codes as they stand in the source: the first argument of an error's base class, or an entry of a table of codes. */
const IN_SOURCE = [
  /super\(\s*'([A-Z]+(?:_[A-Z]+)*)'/g,
  /new \w*Error\(\s*'([A-Z]+(?:_[A-Z]+)*)'/g,
  /(?:missing|forbidden|throttled|unreachable|foreign|failed): '([A-Z0-9]+(?:_[A-Z]+)+)'/g,
]

const page = readFileSync(`${ROOT}docs/errors.md`, 'utf8')

it('codes that the source throws, and no others, have a kind', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(`${ROOT}${file}`, 'utf8'))
  const thrown = new Set(
    source.flatMap((text) => IN_SOURCE.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code))),
  )
  expect([...thrown].sort()).toEqual(Object.keys(KINDS).sort())
})

it('docs/errors.md has every code once with its kind, those of services by their ending', () => {
  const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` \| (\w+) \|/gm)].map(
    ([, code = '', kind]) => [code, kind] as const,
  )
  const endings = [...page.matchAll(/^\| `…(_[A-Z_]+)` \| (\w+) \|/gm)].map(
    ([, end = '', kind]) => [end, kind] as const,
  )
  const services = [...page.matchAll(/^\| \w+ \| ((?:`[A-Z0-9_]+` ?)+)\|$/gm)].flatMap(([, codes = '']) =>
    [...codes.matchAll(/`([A-Z0-9_]+)`/g)].map(([, code = '']) => code),
  )
  const ofServices = services.map((code) => [code, endings.find(([end]) => code.endsWith(end))?.[1]] as const)
  const listed = [...rows, ...ofServices]
  expect(listed.map(([code]) => code).sort()).toEqual(Object.keys(KINDS).sort())
  expect(Object.fromEntries(listed)).toEqual(KINDS)
})

it('docs/errors.md names no code that does not exist, and explains every kind', () => {
  const named = new Set([...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code))
  expect([...named].filter((code) => !Object.hasOwn(KINDS, code))).toEqual([])
  const explained = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, kind]) => kind)
  expect(explained.sort()).toEqual([...new Set(Object.values(KINDS))].sort())
})

it('an error carries the kind of its code', () => {
  expect(new TransientError('away')).toMatchObject({ code: 'TRANSIENT', kind: 'wait' })
  expect(new MillraceError('LOG_LOST', 'gone')).toMatchObject({ kind: 'restore' })
})
