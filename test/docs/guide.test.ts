// Code in docs/guide is compiled and run: a page's TypeScript is the text of the file of its name in test/docs/snippets, and its output
// is what that prints. A page may have no such file.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { testJob } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { driven, records } from '../support/driven.ts'
import { best } from './snippets/batches.ts'
import { allowed, blocklist } from './snippets/broadcast.ts'
import { counted, rows } from './snippets/effects.ts'
import { perPage } from './snippets/event-time.ts'
import { takings } from './snippets/foreach-partition.ts'
import { blacklist, hotWords, running } from './snippets/from-spark.ts'
import { watched } from './snippets/listeners.ts'
import { told } from './snippets/positions.ts'
import { shown } from './snippets/print.ts'
import { perCountry } from './snippets/sql.ts'
import { answer, counts, report } from './snippets/testing.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const blocks = (page: string, language: string): string[] =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code)

const PAGES = globSync('docs/guide/*.md', { cwd: ROOT })
const snippetOf = (page: string): string => `test/docs/snippets/${basename(page, '.md')}.ts`

describe.each(PAGES.filter((page) => existsSync(join(ROOT, snippetOf(page)))))('%s', (page) => {
  it('shows the code that is compiled', () => {
    expect(blocks(page, 'ts')).toContain(read(snippetOf(page)))
  })
})

it('docs/guide/batches.md shows what is published', async () => {
  const orders = driven(best)
  const values = [
    ['north', 120],
    ['south', 80],
    ['north', 300],
  ].map(([shop, cents]) => JSON.stringify({ shop, cents }))
  await orders.deliver(records('orders-0', values, { at: 500 }))
  await orders.rest()
  const published = Object.entries(await orders.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
  const lines = published.map(([key, body]) => `${key.split('/')[0]}\n${body}`).join('')
  expect(blocks('docs/guide/batches.md', 'text')).toEqual([lines])
})

it('docs/guide/broadcast.md shows what is published, and reads the list as often as it says', async () => {
  const orders = driven(allowed)
  for (const second of [0, 1, 2]) {
    const values = ['north', 'south'].map((shop) => JSON.stringify({ shop, cents: 100 }))
    await orders.another().deliver(records('orders-0', values, { at: second * 1000 + 500 }))
    await orders.rest()
    blocklist.shops = ['north']
  }
  const published = Object.entries(await orders.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
  const lines = published.map(([key, body]) => `${key.split('/')[0]}\n${body}`).join('')
  expect(blocks('docs/guide/broadcast.md', 'text')).toEqual([lines])
  expect(blocklist.reads).toBe(2)
})

it('docs/guide/sql.md shows what is published', async () => {
  const orders = driven(perCountry)
  const values = [
    ['north', 120],
    ['south', 80],
    ['north', 300],
  ].map(([shop, cents]) => JSON.stringify({ shop, cents }))
  await orders.deliver(records('orders-0', values, { at: 500 }))
  await orders.rest()
  expect(blocks('docs/guide/sql.md', 'text')).toEqual([await orders.text('per-country')])
})

it('docs/guide/print.md shows what is printed', async () => {
  const words = driven(shown)
  await words.deliver(records('lines-0', ['to be', 'or not to be']))
  await words.rest()
  expect(blocks('docs/guide/print.md', 'text')).toEqual([
    words.environment.printed.map((printed) => `${printed}\n`).join(''),
  ])
})

it('docs/guide/foreach-partition.md shows the transaction that test/integration/postgres runs', () => {
  expect(blocks('docs/guide/foreach-partition.md', 'ts')).toContain(
    read('test/docs/snippets/foreach-partition-offsets.ts'),
  )
})

it('docs/guide/foreach-partition.md books every commit once, whoever calls again', async () => {
  const [booked, calls] = [new Map<string, number>(), [] as string[]]
  const code = takings(async () => ({
    book: async (id, cents) => {
      calls.push(id)
      booked.set(id, booked.get(id) ?? cents)
    },
    end: async () => {},
  }))
  const shop = driven(code)
  await shop.deliver(records('orders-0', ['100', '250']))
  await shop.another().deliver(records('orders-0', ['5']))
  expect([...booked.values()]).toEqual([350, 5])
  expect(calls).toHaveLength(3)
})

it('docs/guide/listeners.md shows what its listeners say', async () => {
  const said: string[] = []
  const watching = driven(
    watched((line) => said.push(line)),
    { start: 2000 },
  )
  await watching.deliver(records('lines-0', ['to be', 'or not to be'], { at: 500 }))
  watching.later('3s')
  await watching.deliver(records('lines-0', ['x'], { at: 4500 }))
  const [late, ...others] = said
  const report = others.filter((line) => !line.startsWith('['))
  const progress = others.filter((line) => line.startsWith('['))
  expect(blocks('docs/guide/listeners.md', 'text')).toEqual([[late, ...progress, ...report, ''].join('\n')])
})

it('docs/guide/effects.md shows what is written', async () => {
  const words = driven(counted)
  await words.deliver(records('lines-0', ['to be', 'or not to be']))
  await words.rest()
  const lines = [...rows].map(([key, count]) => `${key} ${count}\n`)
  expect(blocks('docs/guide/effects.md', 'text')).toEqual([lines.join('')])
})

it('docs/guide/positions.md shows which offsets each batch has', async () => {
  const said: string[] = []
  const lines = driven(told((line) => said.push(`${line}\n`)))
  await lines.deliver(records('lines-0', ['a', 'b']), records('lines-1', ['c']))
  await lines.deliver(records('lines-0', ['d', 'e'], { at: 300, step: 900 }))
  await lines.rest()
  expect(blocks('docs/guide/positions.md', 'text')).toContain(said.join(''))
})

it('docs/guide/from-spark.md shows what its jobs print', async () => {
  const visits = await testJob(blacklist, { records: { visits: ['ann home', 'eve shop', 'bob shop'] } })
  const counted = await testJob(running, {
    records: { lines: ['to be or', { value: 'not to be', timestamp: '2.5s' }] },
  })
  const printed = [...visits.printed, ...counted.printed].map((text) => `${text}\n`).join('')
  expect(blocks('docs/guide/from-spark.md', 'text')).toEqual([printed])
  const { printed: hot } = await testJob(hotWords, { records: { lines: ['to be to', 'to'] } })
  expect(hot.slice(0, 2)).toEqual([expect.stringContaining('(to,3)\n...'), expect.stringContaining('(to,3)\n...')])
})

it('docs/guide/testing.md shows what its tests give', () => {
  const [printed = ''] = answer.printed
  const takings = JSON.stringify(answer.outputs['s3://results/takings'])
  expect(blocks('docs/guide/testing.md', 'text')).toEqual([
    `counts   ${JSON.stringify(counts)}\ntakings  ${takings}\nprinted\n${printed}`,
  ])
  expect(report.violations).toEqual([])
})

it('docs/guide/getting-started.md shows the job that millrace init makes', () => {
  const code = read('templates/job/functions/words.ts')
  expect(blocks('docs/guide/getting-started.md', 'ts')).toEqual([code.slice(code.indexOf('import'))])
  const commands = blocks('docs/guide/getting-started.md', 'sh').join('').trim().split('\n')
  const walk = read('test/e2e/newcomer/newcomer.test.ts')
  for (const command of commands.filter((one) => !/^(cd|echo) |npm install$/.test(one)))
    expect(walk, command).toContain(command.replace('npm install millrace', 'npm install'))
})

it('docs/guide/event-time.md shows what is published', async () => {
  const views = driven(perPage)
  let offset = 0
  for (const [i, batch] of [[3, 12, 8], [25], [27], [2]].entries()) {
    const values = batch.map((second) => JSON.stringify({ user: 'ann', page: '/', at: second * 1000 }))
    await views.deliver(records('views-0', values, { at: i * 5000 + 500, from: offset }))
    offset += batch.length
  }
  await views.rest()
  const published = Object.entries(await views.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
  const lines = published.map(([key, body]) => `${key.split('/')[0]}\n${body}`).join('')
  expect(blocks('docs/guide/event-time.md', 'text')).toEqual([lines])
})
