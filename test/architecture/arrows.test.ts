// The arrows between the folders of src/ (DESIGN §7): what a folder may import is written down here, and nowhere else allowed. A
// new arrow fails, and so does one that stands here and is no longer needed.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** By folder, the folders it may import from; every folder may use `errors.ts`, and only `testing` and `index.ts` the public surface. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  formats: [],
  sources: ['formats', 'state'],
  state: [],
  stream: ['formats', 'sources'],
  plan: ['state', 'stream'],
  operators: ['plan', 'sources', 'state', 'stream'],
  runtime: ['formats', 'operators', 'plan', 'state', 'stream'],
  lambda: ['runtime', 'state', 'stream'],
  serverless: ['lambda', 'plan', 'runtime', 'state', 'stream'],
  local: ['lambda', 'runtime', 'state'],
  testing: ['formats', 'lambda', 'operators', 'plan', 'runtime', 'state', 'stream'],
  cli: ['lambda', 'local', 'plan', 'runtime', 'state', 'stream', 'testing'],
  '': ['formats', 'operators', 'plan', 'runtime', 'sources', 'state', 'stream'],
}

/** Points the wrong way until sources own their events: what Lambda's event has of a record, for those who handle records. */
const KNOWN = { from: ['operators', 'runtime', 'sources'], to: join('lambda', 'kafka-event.ts') }

interface Arrow {
  readonly from: string
  readonly to: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const folderOf = (file: string): string => (file.includes(sep) ? (file.split(sep)[0] ?? '') : '')

/** Imports and exports of other files, lazy ones and those of types included. */
function arrowsOf(file: string): Arrow[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)]
  return found.map(([, path = '']) => ({ from: file, to: relative(SRC, resolve(SRC, dirname(file), path)) }))
}

const between = files.flatMap(arrowsOf).filter(({ from, to }) => folderOf(from) !== folderOf(to) && folderOf(to) !== '')

it('knows every folder', () => {
  expect([...new Set(files.map(folderOf))].sort()).toEqual(Object.keys(ALLOWED).sort())
})

it('finds every import', () => {
  expect(between.length).toBeGreaterThan(200)
  expect(between).toContainEqual({ from: join('runtime', 'claim.ts'), to: join('plan', 'plan.ts') })
})

it('lets them point one way', () => {
  const wrong = between.filter(({ from, to }) => !ALLOWED[folderOf(from)]?.includes(folderOf(to)))
  const known = wrong.filter(({ from, to }) => KNOWN.from.includes(folderOf(from)) && to === KNOWN.to)
  expect(wrong.filter((arrow) => !known.includes(arrow)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  expect([...new Set(known.map(({ from }) => folderOf(from)))].sort()).toEqual(KNOWN.from)
})

it('allows none that is not there', () => {
  const used = new Set(between.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`))
  const allowed = Object.entries(ALLOWED).flatMap(([from, tos]) => tos.map((to) => `${from} → ${to}`))
  expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([])
})

it('lets nothing but itself use the public surface', () => {
  const users = files.flatMap(arrowsOf).filter(({ from, to }) => to === 'index.ts' && from !== 'index.ts')
  expect(users).toEqual([])
})
