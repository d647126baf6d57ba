// docs/guide/state.md and docs/guide/quarantine.md show what the commands print: each is run over a folder in which the page's job has run.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Job } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { inProcess } from '../cli/in-process.ts'
import { kafkaEvent } from '../support/kafka-events.ts'
import { orders as aside } from './snippets/quarantine.ts'
import { orders as totals } from './snippets/state.ts'

const NOON = Date.parse('2026-11-30T12:00:00Z')

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-pages-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Values by minute. */
async function ran(code: Job, minutes: readonly (readonly string[])[]): Promise<void> {
  const { table, objects, topics, variables, stop } = embedded(root)
  await topics.create('orders', { partitions: 1 })
  const environment = memoryEnvironment(NOON)
  const handler = lambda(code, {
    environment: { ...environment, table, objects, bucket: variables.MILLRACE_BUCKET ?? '' },
  })
  let offset = 0
  for (const [minute, values] of minutes.entries()) {
    environment.setTime(NOON + minute * 60_000 + 2000)
    const records = values.map((value, i) => ({
      offset: offset + i,
      timestamp: NOON + minute * 60_000 + i * 1000,
      key: 'k',
      value,
    }))
    offset += values.length
    await handler(kafkaEvent({ 'orders-0': records }))
  }
  await stop()
}

const order = (customer: unknown, amount: number): string => JSON.stringify({ customer, amount })

/** Every command of a page in the order of the page, with what it prints: `UPDATE_PAGES=1` writes it down. */
async function holds(name: string): Promise<void> {
  const file = new URL(`../../docs/guide/${name}`, import.meta.url)
  let page = await readFile(file, 'utf8')
  const shown = /```sh\nmillrace ([^\n]*)\n```\n\n```text\n(.*?)```/gs
  const commands = [...page.matchAll(shown)]
  expect(commands.length).toBeGreaterThan(2)
  for (const [whole, command = '', text = ''] of commands) {
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
    const { stdout, stderr } = await inProcess(words, { MILLRACE_DIR: root })
    const printed = `${stdout}${stderr}`.replaceAll(root, '/home/me/shop/.millrace')
    if (process.env.UPDATE_PAGES)
      page = page.replace(whole, () => `\`\`\`sh\nmillrace ${command}\n\`\`\`\n\n\`\`\`text\n${printed}\`\`\``)
    else expect(text).toBe(printed)
  }
  if (process.env.UPDATE_PAGES) await writeFile(file, page)
}

it('docs/guide/state.md shows what millrace state prints', async () => {
  await ran(totals, [
    [order(7, 100), order('anna', 20), order(['eu', 7], 1)],
    [order(7, 50)],
    [order('ben', 5)],
    [order('anna', 1)],
  ])
  await holds('state.md')
})

it('docs/guide/quarantine.md shows what millrace quarantine prints', async () => {
  await ran(aside, [[order(7, 100), 'seven euros', order(8, 1)], ['{"customer":'], [order(9, 1)]])
  await holds('quarantine.md')
})
