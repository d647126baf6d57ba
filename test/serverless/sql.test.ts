// A function that asks for DuckDB has it in its archive, and one that does not has neither it nor what speaks to it.

import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../infra/temp.ts'
import { bundleHandler } from '../../src/serverless/bundle.ts'
import { REPOSITORY, ServiceFolder } from './service-folder.ts'
import { unzip } from './unzip.ts'

const BATCH =
  "import { batchOf } from './src/batch/batch.ts'\nconst batch = batchOf([[{ n: 1 }, { n: 2 }]], { time: 1, id: 'j/o/1', offsetRanges: [] })\n"
const ASKS = `${BATCH}export const handler = async () => [...(await batch.sql('select sum(n) as sum from batch'))]\n`
const SOURCES = {
  'asks.ts': ASKS,
  // Neither a comment nor another name is a call: batch.sql('')
  'plain.ts': `// batch.sql('select 1')\n${BATCH}export const handler = (query: { sql: string; sqlite(): void }) => [batch.count(), query.sql, query.sqlite()]\n`,
  'hidden.ts': `${BATCH}const name = 'sql'\nexport const handler = (other = name) => Reflect.get(batch, other).call(batch, 'select 1')\n`,
}
const RUNTIME = 'nodejs24.x'
let service: ServiceFolder
let elsewhere: string

beforeAll(async () => {
  service = await ServiceFolder.make(SOURCES)
  await symlink(join(REPOSITORY, 'node_modules'), join(service.path, 'node_modules'))
  elsewhere = await makeTempFolder('sql')
})
afterAll(async () => {
  await service.remove()
  await removeTempFolder(elsewhere)
})

const bundling = (name: string, more: { architecture?: 'arm64'; sql?: boolean } = {}, serviceDir = service.path) =>
  bundleHandler({
    handler: `${name}.handler`,
    serviceDir,
    outDir: join(service.path, 'out', name),
    runtime: RUNTIME,
    ...more,
  })

/** Calls a handler as it would be on Lambda: the files of its archive and nothing else. */
async function answerOf(archive: Uint8Array, folder: string): Promise<string> {
  for (const [name, { content }] of unzip(archive)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  const code =
    "import('./index.mjs').then(({ handler }) => handler()).then((rows) => console.log(rows), (error) => console.log(error.code, error.message))"
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { cwd: folder, env: {} })
  return stdout
}

test('whoever calls sql() has DuckDB in the archive, and it runs from there', async () => {
  const { sql, archive, file } = await bundling('asks')
  expect(sql).toBe(true)
  const names = [...unzip(archive).keys()]
  expect(names).toContain('node_modules/@duckdb/node-api/lib/index.js')
  expect(names.filter((name) => name.endsWith('.d.ts'))).toEqual([])
  expect(archive.byteLength).toBeLessThan(30 * 1024 * 1024)
  expect(await readFile(file, 'utf8')).not.toContain('DuckDBTimestampVector')
  expect(await answerOf(archive, join(elsewhere, 'asks'))).toBe('[ { sum: 3 } ]\n')
}, 60_000)

test('whoever does not has neither it nor what speaks to it', async () => {
  const { sql, archive, file, bytes } = await bundling('plain')
  expect(sql).toBe(false)
  expect([...unzip(archive).keys()]).toEqual(['index.mjs', 'index.mjs.map'])
  expect(await readFile(file, 'utf8')).not.toContain('lock_configuration')
  expect(bytes).toBeLessThan((await bundling('hidden', { sql: true })).bytes - 10_000)
}, 60_000)

test('a call that does not show is told how to have it', async () => {
  const { sql, archive } = await bundling('hidden')
  expect(sql).toBe(false)
  expect(await answerOf(archive, join(elsewhere, 'hidden'))).toMatch(/^SQL_MISSING .*sql: true/)
})

test('a binding that is not installed is named with the command that gets it', async () => {
  await expect(bundling('asks', { architecture: 'arm64' })).rejects.toThrow(
    /asks\.handler calls sql\(\), and @duckdb\/node-bindings-linux-arm64 \(architecture arm64\) is not installed for it\. Run npm install --no-save --force @duckdb\/node-bindings-linux-arm64@\d/,
  )
})

test('so is the package', async () => {
  const without = await ServiceFolder.make(SOURCES)
  await expect(bundling('asks', {}, without.path)).rejects.toThrow(/Run npm install @duckdb\/node-api\. .*sql: false/)
  expect((await bundling('asks', { sql: false }, without.path)).sql).toBe(false)
  await without.remove()
})
