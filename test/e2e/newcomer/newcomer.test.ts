// A newcomer's first minutes, with the package as `npm pack` makes it: an empty folder outside of this repository, install, init, test,
// dev. The commands are those of docs/guide/getting-started.md.

import { execFileSync, spawnSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeTempFolder, removeTempFolder } from '../../../infra/temp.ts'
import { vendor } from '../../../scripts/vendor.ts'
import { startProgram } from '../../support/node-process.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const NODE = join(ROOT, 'node_modules/node/bin')
/** What the page says that it takes, and a little. */
const MOST_PACKAGES = 45
const MOST_MB = 40

let folder = ''
let project = ''
let tarball = ''
let said = ''

/**
 * As somebody's shell has it: the Node.js that this repository pins first, the settings of this machine's npm, and nothing of the
 * run that this is part of.
 */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix$|VITEST|NODE_(ENV|OPTIONS)$)/.test(name),
    ),
  ),
  PATH: `${NODE}:${process.env.PATH}`,
  npm_config_audit: 'false',
  npm_config_fund: 'false',
}

function sh(command: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${status}\n${stdout}\n${stderr}`)
  said += stderr
  return stdout
}

async function packed(): Promise<string> {
  const made = join(folder, 'made')
  await mkdir(made)
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [
    '-p',
    join(ROOT, 'tsconfig.build.json'),
    '--outDir',
    join(made, 'dist'),
  ])
  await vendor(join(made, 'dist'))
  for (const name of ['package.json', 'README.md', 'LICENSE', 'docs', 'templates'])
    await cp(join(ROOT, name), join(made, name), { recursive: true })
  const [name = ''] = sh('npm pack --ignore-scripts --silent', made).trim().split('\n').slice(-1)
  return join(made, name)
}

/** What it takes on the disk: esbuild's program is there by two names. */
async function megabytes(path: string): Promise<number> {
  const files = await readdir(path, { recursive: true, withFileTypes: true })
  const stats = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name))),
  )
  const sizes = new Map(stats.map(({ ino, size }) => [ino, size]))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0) / 1e6
}

beforeAll(async () => {
  folder = await makeTempFolder('newcomer')
  tarball = await packed()
  const empty = join(folder, 'empty')
  await mkdir(empty)
  sh('npm init --yes', empty)
  sh(`npm install '${tarball}'`, empty)
  sh('npx millrace init hot-words', empty)
  project = join(folder, 'hot-words')
  await cp(join(empty, 'hot-words'), project, { recursive: true })
  sh(`npm install '${tarball}'`, project)
})
afterAll(() => removeTempFolder(folder))

describe('a newcomer', () => {
  it('installs little, and no native add-on that nothing uses', async () => {
    const modules = join(folder, 'empty/node_modules')
    const lock = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8'))
    const names = Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''))
    expect(names.length).toBeLessThanOrEqual(MOST_PACKAGES)
    expect(names).not.toContain('msgpackr-extract')
    expect(await megabytes(modules)).toBeLessThanOrEqual(MOST_MB)
  })

  it('finds that what was made passes its test and the compiler', () => {
    expect(sh('npm test', project)).toMatch(/pass 2\b/)
    sh('npm run types', project)
  })

  it('sees the first batch in millrace dev', async () => {
    await writeFile(join(project, 'lines.txt'), 'to be\nor not to be\n')
    const dev = startProgram('sh', ['-c', 'exec npx millrace dev functions/words.ts --from lines=lines.txt'], {
      cwd: project,
      env,
    })
    onTestFinished(() => dev.kill().then(() => undefined)) // its whole session: npx passes nothing on
    const closed = () => dev.errors().includes('✔ closed')
    await Promise.race([vi.waitUntil(closed, { timeout: 120_000 }), dev.ended])
    expect(dev.output(), dev.errors()).toContain('(be,2)\n')
    expect(dev.errors()).not.toMatch(/warning/i)
  })

  it('bundles the function with plain esbuild, as docs/deploy.md says', async () => {
    const [, line = ''] = /\| esbuild \| `(.*)` \|/.exec(await readFile(join(ROOT, 'docs/deploy.md'), 'utf8')) ?? []
    expect(line).toMatch(/^esbuild /)
    const bundled = join(folder, 'bundled')
    await mkdir(bundled)
    sh(`npx ${line.replace('--outfile=', `--log-level=warning --outfile=${bundled}/`)}`, project)
    expect(
      sh(`node --input-type=module -e "import('./index.mjs').then((m) => console.log(typeof m.handler))"`, bundled),
    ).toBe('function\n')
  })

  it('meets no warning on the way, but npm’s own of install scripts', () => {
    const lines = said
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^npm (warn install-scripts|notice)/.test(line))
    expect(lines).toEqual([])
  })
})
