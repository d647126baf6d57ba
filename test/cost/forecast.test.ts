// What a deployment says of cost, and the table of README.md. To write its rows anew: UPDATE_COST=1.

import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { hotWords } from '../../functions/hot-words.ts'
import { forecastOf } from '../../src/cost/forecast.ts'
import type { Item } from '../../src/cost/prices.ts'
import { definitionOf } from '../../src/graph/job.ts'
import { describeDefinition } from '../../src/serverless/describe-definition.ts'

const job = definitionOf('test', hotWords)

it('a deployment says it in a line', () => {
  expect(describeDefinition(job).cost).toMatch(
    /^some \$\d+ a month if it read 100 records\/s of 200 B in us-east-1; for your own figures: millrace cost/,
  )
})

it('README.md shows what is predicted', () => {
  const rows = [1, 100, 1000, 10_000].map((rate) => {
    const { bill } = forecastOf(job, { rate, size: 200 })
    const of = (item: Item): string => `$${(bill.lines.find((line) => line.item === item)?.dollars ?? 0).toFixed(2)}`
    const cells = [rate.toLocaleString('en'), `$${bill.dollars.toFixed(2)}`, of('dynamodb.writeUnit'), of('s3.put')]
    return `| ${cells.map((cell, i) => cell.padEnd([16, 15, 18, 4][i] ?? 0)).join(' | ')} |`
  })
  const page = readFileSync('README.md', 'utf8')
  if (process.env.UPDATE_COST) writeFileSync('README.md', page.replace('COSTROWS', rows.join('\n')))
  else expect(page).toContain(rows.join('\n'))
})
