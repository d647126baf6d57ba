// What users install: the package as `npm pack` would make it, imported by plain Node.js and compiled against by TypeScript,
// through `exports` and without the condition that development uses.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { vendor } from '../../scripts/vendor.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name)

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** A program of a user: what it uses has to exist, and to have the types that the documentation promises. */
const PROGRAM = `
import { job, json, type KafkaRecord, seconds, text } from 'millrace'
import { type LambdaHandler, lambda } from 'millrace/lambda'

export const words = job('words', { batch: seconds(5) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .flatMap((record) => record.value.split(' '))
    .map((word) => word.length)
    .filter((length): length is 4 => length === 4)
    .saveAsTextFiles('s3://results/words')
  kafka('orders', { value: json<{ cents: number }>() }).map((record: KafkaRecord<{ cents: number }>) => record.value.cents.toFixed())
  // @ts-expect-error text has no cents
  kafka('lines', { value: text() }).map((record) => record.value.cents)
  // @ts-expect-error no such option
  kafka('lines', { values: text() })
})
export const handler: LambdaHandler = lambda(words, { reportFailures: true })
`

/** A job that uses SQL: its outputs, or what becomes of it. */
const SQL = `
  import { job, json, seconds } from 'millrace'
  import { testJob } from 'millrace/testing'
  const doubled = job('doubled', { batch: seconds(1) }, ({ kafka }) => {
    kafka('numbers', { value: json() })
      .map(({ value }) => value)
      .transform((batch) => batch.sql('select n * 2 as doubled from batch'), { id: 'doubled' })
      .saveAsNdjsonFiles('s3://results/doubled')
  })
  const answer = await testJob(doubled, { records: { numbers: [{ value: { n: 21 }, timestamp: 500 }] } }).catch((error) => error)
  console.log(answer instanceof Error ? answer.code + ' ' + answer.message : JSON.stringify(answer.outputs))`

let folder = ''
let built = ''
let manifest: Manifest
let packed: readonly string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-package-'))
  const made = join(folder, 'made')
  await mkdir(made)
  // tsc emits what it can: an error in one file fails one test, not all.
  const build = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(made, 'dist')]
  built = spawnSync(bin('tsc'), build, { encoding: 'utf8' }).stdout
  await vendor(join(made, 'dist'))
  for (const name of ['package.json', 'README.md', 'LICENSE', 'docs', 'templates', 'src', 'test']) {
    if (existsSync(join(ROOT, name))) await cp(join(ROOT, name), join(made, name), { recursive: true })
  }
  manifest = JSON.parse(await readFile(join(made, 'package.json'), 'utf8'))
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: made,
    encoding: 'utf8',
  })
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(listing)
  packed = files.map(({ path }) => path)

  // The packed files alone, as an installation has them, beside the dependencies.
  const modules = join(folder, 'user/node_modules')
  for (const path of packed) {
    await mkdir(dirname(join(modules, 'millrace', path)), { recursive: true })
    await cp(join(made, path), join(modules, 'millrace', path))
  }
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  await writeFile(join(folder, 'user/package.json'), JSON.stringify({ name: 'user', type: 'module' }))
  await writeFile(join(folder, 'user/program.ts'), PROGRAM)
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

/** `dist/lambda/index.js` was made from `src/lambda/index.ts`. Entry points that are declared but not written yet do not count. */
function isWritten(target: string): boolean {
  const source = target.replace(/^\.\/dist\//, 'src/').replace(/(\.d\.ts|\.js)$/, '.ts')
  return existsSync(join(ROOT, source))
}

describe('the package', () => {
  it('is built without an error', () => {
    expect(built).toBe('')
  })

  it('holds every file that exports and bin name', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    )
    const wanted = [...targets, ...Object.values(manifest.bin)].filter(
      (target) => !target.startsWith('./dist/') || isWritten(target),
    )
    expect(wanted).toContain('./dist/lambda/index.js')
    expect(wanted.filter((target) => !packed.includes(target.replace(/^\.\//, '')))).toEqual([])
  })

  it('holds the licence and no sources or tests', () => {
    expect(packed).toContain('LICENSE')
    expect(packed.filter((path) => /^(src|test|bench|infra|scripts)\//.test(path))).toEqual([])
  })

  it('can be imported by plain Node.js', () => {
    const code = `
      import { job, seconds, text } from 'millrace'
      import { lambda } from 'millrace/lambda'
      const lines = job('lines', { batch: seconds(1) }, ({ kafka }) => kafka('lines', { value: text() }).print())
      console.log(typeof lambda(lines), import.meta.resolve('millrace').endsWith('/dist/index.js'))`
    const { stdout, stderr } = spawnSync(bin('node'), ['--input-type=module', '-e', code], {
      cwd: join(folder, 'user'),
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({ stdout: 'function true\n', stderr: '' })
  })

  it('asks for DuckDB in a sentence when a job uses SQL, and gives rows once it is there', async () => {
    const rows = () =>
      spawnSync(bin('node'), ['--input-type=module', '-e', SQL], {
        cwd: join(folder, 'user'),
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      }).stdout
    expect(rows()).toMatch(/^SQL_MISSING\b.*npm install @duckdb\/node-api\.\n$/)
    await cp(join(ROOT, 'node_modules/@duckdb'), join(folder, 'user/node_modules/@duckdb'), { recursive: true })
    expect(rows()).toBe('{"s3://results/doubled":{"1000":["{\\"doubled\\":42}"]}}\n')
  })

  it.each([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('has types that resolve under $moduleResolution', async (settings) => {
    const compilerOptions = { ...settings, target: 'es2024', strict: true, noEmit: true, types: ['node'] }
    const config = join(folder, 'user', `tsconfig.${settings.moduleResolution}.json`)
    // Libraries are checked as well: an unresolved import inside our declarations would else turn types into `any` in silence.
    await writeFile(config, JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    const { stdout, status } = spawnSync(bin('tsc'), ['-p', config], { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
  })
})
