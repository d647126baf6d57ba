// No file of src/ imports itself by way of others, types included: what stands in a circle can only be read all at once.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Folders in which circles remain, with the reason. */
const REMAIN: Readonly<Record<string, string>> = {
  'sources/kafka': 'a source names its kind, whose rules ask what the source says',
  stream: 'operators of pairs and windows give streams, whose methods they are',
  plan: 'a plan is made of stages and programs, and says what those are',
  serverless: 'mappings and the resources that they need name each other',
  'testing/simulation': 'scenario, fleet and queue of a run; faults and what is counted of them; runs and shrunk runs',
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(SRC, file), 'utf8')
    const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)]
    return [file, found.map(([, path = '']) => relative(SRC, resolve(SRC, dirname(file), path)))] as const
  }),
)

function reachedFrom(file: string): ReadonlySet<string> {
  const reached = new Set<string>()
  const next = [...(imports.get(file) ?? [])]
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if (reached.has(one)) continue
    reached.add(one)
    next.push(...(imports.get(one) ?? []))
  }
  return reached
}

const circular = files.filter((file) => reachedFrom(file).has(file))
const folderOf = (file: string): string => dirname(file).split(sep).join('/')

it('finds every import', () => {
  expect(reachedFrom('index.ts').size).toBeGreaterThan(50)
})

it('has no circle that is not known', () => {
  expect(circular.filter((file) => !(folderOf(file) in REMAIN))).toEqual([])
})

it('knows none that is open by now: take it out of the table', () => {
  const folders = new Set(circular.map(folderOf))
  expect(Object.keys(REMAIN).filter((folder) => !folders.has(folder))).toEqual([])
})
