// The example of docs/simulate.md: a function of foreachRDD that adds is found, one that writes by the batch's id is not.

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { simulate } from '../../../src/testing/index.ts'
import { adding, mended, table } from '../../docs/snippets/simulate.ts'
import { copying } from '../../support/driven.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const records = Array.from({ length: 30 }, (_, i) => ({ value: `r${i}` }))
const SEEDS = [1, 2, 3, 4, 5]

it('finds a write that must not be repeated, and makes the run small', async () => {
  const found = []
  for (const seed of SEEDS) {
    const { violations } = await simulate(adding, { seed, records, outside: table, shrink: false })
    if (violations.length > 0) found.push([seed, ...violations])
  }
  expect(found[0]).toEqual([2, 'the table says 33, of 30 records'])
  const { story } = await simulate(adding, { seed: 2, records, outside: table })
  // Fewer records than it began with, and still more in the table than there are.
  const [, total, count] = /VIOLATION: the table says (\d+), of (\d+) records/.exec(story) ?? []
  expect(Number(count)).toBeLessThan(30)
  expect(Number(total)).toBeGreaterThan(Number(count))
  expect(story).toMatch(/process-\d dies/)
})

it('agrees with the mended one', async () => {
  for (const seed of SEEDS) {
    const { violations } = await simulate(mended, { seed, records, outside: table })
    expect(violations, `seed ${seed}`).toEqual([])
  }
})

it('is what docs/simulate.md shows', () => {
  expect(read('docs/simulate.md')).toContain(`\`\`\`ts\n${read('test/docs/snippets/simulate.ts')}\`\`\``)
})

it('tells what was published as well, and takes every option that it says it has', async () => {
  const lines: string[] = []
  const { violations } = await simulate(copying(), {
    seed: 1,
    records,
    mishaps: [],
    outside: {
      reset: () => lines.splice(0),
      check: ({ outputs, records: count }) => {
        for (const some of outputs.get('s3://results/copy')?.values() ?? []) lines.push(...some)
        return lines.length === count && count === records.length ? [] : ['lines are missing']
      },
    },
  })
  expect(violations).toEqual([])
})
