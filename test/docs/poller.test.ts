// docs/guide/poller.md: each row of its table names a test that is there; its mapping is one that the poller takes.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mappingsFromJson } from '../../src/local/event-source/mapping-request.ts'

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const page = read('docs/guide/poller.md')

it('names a test for each row', () => {
  const table = page.slice(page.indexOf('| AWS says'))
  const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2)
  expect(rows.length).toBeGreaterThan(25)
  const missing = rows.filter((row) => {
    const [, file = '', name = ''] = /`(test\/[^`]+)` › (.+?) \|$/.exec(row) ?? []
    return file === '' || name === '' || !read(file).includes(name)
  })
  expect(missing).toEqual([])
})

it('shows a mapping that the poller takes', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  expect(mappingsFromJson('the page', JSON.parse(json))).toMatchObject([
    { functionName: 'totals', topics: ['orders'], batchSize: 500, provisioned: { minimum: 1, maximum: 4 } },
  ])
})
