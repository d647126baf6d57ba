// The pages of the programs of functions/: their code is a part of the program, and what they show is what it publishes.

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { fraud } from '../../functions/fraud.ts'
import { logErrors } from '../../functions/log-errors.ts'
import { randomSum } from '../../functions/random-sum.ts'
import { recommend } from '../../functions/recommend.ts'
import type { Job } from '../../src/index.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const blocks = (page: string, language: string): string[] =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code)

const HALF_PAST_SIX = Date.UTC(2026, 10, 30, 18, 30)

/** Delivers records, one list a minute, and brings the job to rest. */
async function afterMinutes(code: Job, topic: string, minutes: readonly (readonly string[])[]): Promise<Driven> {
  const program = driven(code, { start: HALF_PAST_SIX + minutes.length * 60_000 })
  for (const [i, values] of minutes.entries()) {
    if (values.length > 0) await program.deliver(records(`${topic}-0`, values, { at: HALF_PAST_SIX + i * 60_000 }))
  }
  await program.rest()
  return program
}

async function published(program: Driven): Promise<string> {
  const objects = Object.entries(await program.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
  return objects.map(([key, body]) => `${key.split('/')[0]}\n${body}`).join('')
}

it.each(['log-errors', 'recommend', 'random-sum', 'fraud'])('docs/guide/%s.md shows code of the program', (name) => {
  const shown = blocks(`docs/guide/${name}.md`, 'ts')
  expect(shown.length).toBeGreaterThan(0)
  expect(shown.filter((code) => !read(`functions/${name}.ts`).includes(code))).toEqual([])
})

it('docs/guide/random-sum.md shows what is printed', async () => {
  const numbers = await afterMinutes(randomSum, 'numbers', [['715', '3', '282']])
  expect(blocks('docs/guide/random-sum.md', 'text')).toEqual([`${numbers.environment.printed.join('\n')}\n`])
})

it('docs/guide/log-errors.md shows what is published', async () => {
  const error = '2026-11-30T18:30:02.117Z ERROR checkout the till does not answer'
  const minutes = [...Array.from({ length: 12 }, (_, i) => Array.from({ length: i % 3 }, () => error))]
  const lines = await afterMinutes(logErrors, 'log', [...minutes, Array.from({ length: 9 }, () => error)])
  const last = (await published(lines)).split(/^(?=errors|alerts)/m).filter((part) => /^alerts|"errors":9/.test(part))
  expect(blocks('docs/guide/log-errors.md', 'text')).toEqual([error.concat('\n'), last.join('')])
})

it('docs/guide/recommend.md shows what is published', async () => {
  const view = (user: string, page: string) => JSON.stringify({ user, page })
  const minute = ['/hats', '/shoes', '/shoes', '/news'].map((page) => view('ann', page))
  const views = await afterMinutes(recommend, 'views', [[...minute, view('bob', '/cart')], [view('ann', '/hats')]])
  expect(blocks('docs/guide/recommend.md', 'text')).toEqual([await published(views)])
})

it('docs/guide/fraud.md shows what is published', async () => {
  const payments = [
    { cents: 4200, abroad: false, hour: 11, fraud: false },
    { cents: 91_000, abroad: true, hour: 3, fraud: true },
    { cents: 87_000, abroad: true, hour: 4 },
  ].map((payment, i) => JSON.stringify({ id: `p${i + 1}`, at: i, country: 'no', ...payment }))
  const scored = await afterMinutes(fraud, 'payments', [payments])
  expect(blocks('docs/guide/fraud.md', 'text')).toEqual([await published(scored)])
})
