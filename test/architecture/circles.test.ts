// No file of src/ imports itself by way of others, types included: what stands in a circle can only be read all at once.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Two classes whose methods give each other; the first knows the second at run time, the second only the first one's type. */
const GIVE_EACH_OTHER = { 'stream/event-stream.ts': "import type { DStream } from './dstream.ts'" } as const

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

const imports = new Map(
  files.map((file) => {
    const known = Object.entries(GIVE_EACH_OTHER).find(([name]) => name === file)?.[1] ?? ''
    const text = readFileSync(join(SRC, file), 'utf8').replace(known, '')
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

it('finds every import', () => {
  expect(reachedFrom('index.ts').size).toBeGreaterThan(50)
})

it('has no circle', () => {
  expect(files.filter((file) => reachedFrom(file).has(file))).toEqual([])
})
