import { expect, test } from 'vitest'
import { zip } from '../../src/serverless/zip.ts'
import { unzip } from './unzip.ts'

const text = (value: string) => new TextEncoder().encode(value)
const FILES = new Map([
  ['index.mjs', text('export const handler = () => {}\n'.repeat(1000))],
  ['índex.map', text('')],
])

test('an archive holds its files, readable by everybody', () => {
  const found = unzip(zip(FILES))
  expect([...found.keys()]).toEqual([...FILES.keys()])
  for (const [name, content] of FILES) {
    expect(found.get(name)).toEqual({ content: Buffer.from(content), mode: 0o100644 })
  }
})

test('the same files make the same archive, at any time', () => {
  expect(zip(FILES)).toEqual(zip(new Map(FILES)))
})
