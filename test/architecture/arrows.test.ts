// The arrows between the folders of src/ (DESIGN §7): what a folder may import is written down here, and nowhere else allowed. A
// new arrow fails, and so does one that stands here and is no longer needed.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** By folder, the folders it may import from; every folder may use `errors/errors.ts`, and only `testing` and `index.ts` the public surface. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  names: [],
  errors: ['names'],
  options: ['names'],
  values: [],
  stores: ['names'],
  log: ['names', 'stores', 'values'],
  formats: [],
  sources: ['formats', 'log', 'names', 'options', 'stores', 'values'],
  sinks: ['formats', 'log', 'names', 'options', 'sources'],
  batch: ['options', 'sources', 'sql', 'values'],
  sql: ['options', 'values'],
  operators: ['batch', 'options', 'values'],
  listeners: ['options', 'sources'],
  graph: ['listeners', 'names', 'operators', 'options', 'sinks', 'sources'],
  stream: ['batch', 'formats', 'graph', 'listeners', 'names', 'operators', 'options', 'sinks', 'sources'],
  plan: ['graph', 'names', 'operators', 'options', 'sources', 'stores'],
  programs: ['graph', 'names', 'operators', 'options', 'plan', 'sources', 'values'],
  runtime: [
    'formats',
    'graph',
    'listeners',
    'log',
    'names',
    'operators',
    'plan',
    'programs',
    'sinks',
    'sources',
    'stores',
    'values',
  ],
  lambda: ['graph', 'names', 'options', 'runtime', 'sources', 'stores'],
  cost: ['graph', 'log', 'names', 'plan', 'runtime', 'stores'],
  serverless: ['cost', 'graph', 'lambda', 'names', 'options', 'plan', 'runtime', 'sinks', 'sources', 'stores'],
  kafka: ['options', 'sources'],
  redis: ['options', 'sources'],
  local: ['graph', 'lambda', 'log', 'names', 'options', 'plan', 'runtime', 'serverless', 'sources', 'stores', 'values'],
  testing: [
    'formats',
    'graph',
    'lambda',
    'listeners',
    'log',
    'names',
    'options',
    'plan',
    'runtime',
    'sinks',
    'sources',
    'stores',
    'stream',
    'values',
  ],
  cli: [
    'cost',
    'graph',
    'lambda',
    'local',
    'log',
    'names',
    'options',
    'plan',
    'runtime',
    'sources',
    'stores',
    'testing',
    'values',
  ],
  '': ['batch', 'formats', 'graph', 'listeners', 'operators', 'options', 'sinks', 'sources', 'sql', 'stream'],
}

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
  const wrong = between.filter(
    ({ from, to }) =>
      !ALLOWED[folderOf(from)]?.includes(folderOf(to)) && !(folderOf(to) === 'errors' && folderOf(from) !== 'names'),
  )
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
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

it('is the table of docs/architecture.md', () => {
  const page = readFileSync(resolve(SRC, '../docs/architecture.md'), 'utf8')
  const rows = page.matchAll(/^\| `([\w.]+)\/?` \|[^|]*\|([^|]*)\|$/gm)
  const table = [...rows].map(([, name = '', to = '']) => [
    name === 'index.ts' ? '' : name,
    [...to.matchAll(/`(\w+)`/g)].map(([, folder]) => folder),
  ])
  expect(Object.fromEntries(table)).toEqual(ALLOWED)
})
