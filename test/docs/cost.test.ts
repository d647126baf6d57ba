// docs/guide/cost.md shows what the command prints. To write its blocks anew: UPDATE_COST=1.

import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inProcess } from '../cli/in-process.ts'

const PAGE = 'docs/guide/cost.md'
const BLOCK = /```sh\nmillrace (cost functions\/\S+ --rate .*)\n```\n\n```text\n([\s\S]*?)\n```/g

it('docs/guide/cost.md shows what millrace cost prints', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const shown = [...page.matchAll(BLOCK)]
  expect(shown).toHaveLength(2)
  let now = page
  for (const [, line = '', text = ''] of shown) {
    const { stdout } = await inProcess(line.split(' '))
    if (process.env.UPDATE_COST) now = now.replace(text, () => stdout.trimEnd())
    else expect(text).toBe(stdout.trimEnd())
  }
  if (process.env.UPDATE_COST) writeFileSync(PAGE, now)
})
