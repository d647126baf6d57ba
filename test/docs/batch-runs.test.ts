// The commands of docs/guide/batch-runs.md, run as they stand there: the job is the page's own, and so are its files and what comes out.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runNode } from '../support/node-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const page = await readFile(join(ROOT, 'docs/guide/batch-runs.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('publishes what the page shows', async ({ signal }) => {
  const [first = '', second = ''] = blocks('json')
  await mkdir(join(folder, 'views'))
  await writeFile(join(folder, 'views/a.ndjson'), first)
  await writeFile(join(folder, 'views/b.ndjson'), second)
  const [command = ''] = blocks('sh')
  const [program, , , module, ...flags] = command.trim().split(' ')
  expect([program, module]).toEqual(['npx', 'job.ts'])
  const args = flags.map((flag) => flag.replace('./', `${folder}/`))
  const snippet = join(ROOT, 'test/docs/snippets/batch-runs.ts')
  const node = ['--conditions=millrace-source', join(ROOT, 'src/cli/main.ts'), 'batch', snippet, ...args]
  const { code, stderr } = await runNode(node, { env: process.env, signal })
  expect(stderr).toContain(
    'job page-views: 4 records in 2 batches, from T 2026-01-31T12:01:00.000Z to 2026-01-31T12:02:00.000Z',
  )
  expect(code).toBe(0)
  expect(await listing(folder)).toBe(blocks('text')[0])
})

/** Every file, with what is in it. */
async function listing(root: string): Promise<string> {
  const names = (await readdir(join(root, 'out'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
  const texts = names.map(async (name) => `${name.slice(root.length + 1)}\n${await readFile(name, 'utf8')}`)
  return (await Promise.all(texts)).join('')
}
