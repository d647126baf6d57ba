// infra/Dockerfile, without Docker: what it copies is there in a folder that `millrace init` makes, and what it starts and asks runs in
// a folder that is laid out as the image is.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePorts } from '../../infra/ports.ts'
import { newProject } from '../../src/cli/new-project.ts'
import { COMMAND } from '../support/dev-process.ts'
import { startProgram } from '../support/node-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')

interface Instruction {
  readonly name: string
  readonly text: string
}

const dockerfile = await readFile(join(ROOT, 'infra/Dockerfile'), 'utf8')
const instructions: readonly Instruction[] = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ name: line.split(' ')[0] ?? '', text: line.slice(line.indexOf(' ') + 1).trim() }))
const of = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ text }) => text)
const listOf = (text: string): string[] => {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) ? list.map(String) : []
}

let folder: string
let image: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-image-'))
  const project = join(folder, 'project')
  newProject({ folder: project, templates: join(ROOT, 'templates/job'), millrace: '0.1.0' })
  await writeFile(join(project, 'package-lock.json'), '{}') // npm install writes it
  image = join(folder, 'app')
  await mkdir(join(image, 'node_modules/.bin'), { recursive: true })
  await symlink(ROOT, join(image, 'node_modules/millrace'))
  // What npm makes of `bin`: the command by its name.
  const bin = join(image, 'node_modules/.bin/millrace')
  await writeFile(bin, `#!/bin/sh\nexec ${COMMAND.join(' ')} "$@"\n`)
  await chmod(bin, 0o755)
  for (const { sources, to } of copies()) {
    for (const source of sources)
      await cp(join(project, source), to.endsWith('/') ? join(image, to, source) : join(image, to), { recursive: true })
  }
})
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

/** From the project, not from another stage. */
function copies(): { readonly sources: readonly string[]; readonly to: string }[] {
  return of('COPY')
    .filter((text) => !text.startsWith('--from'))
    .map((text) => text.split(/\s+/))
    .map((words) => ({ sources: words.slice(0, -1), to: words.at(-1) ?? '' }))
}

it('is the one of the guide', async () => {
  const guide = await readFile(join(ROOT, 'docs/guide/run.md'), 'utf8')
  expect(guide).toContain(`\`\`\`dockerfile\n${dockerfile.slice(dockerfile.indexOf('FROM'))}\`\`\``)
})

it('copies what is there, and nothing else that a job needs', () => {
  for (const { sources } of copies())
    for (const source of sources) expect(existsSync(join(folder, 'project', source)), source).toBe(true)
  const stages = of('FROM').map((text) => / AS (\w+)$/.exec(text)?.[1])
  for (const text of of('COPY')) {
    const from = /--from=(\w+)/.exec(text)?.[1]
    if (from !== undefined) expect(stages).toContain(from)
  }
})

it('runs as somebody who is not root, and keeps state where that user may write', () => {
  expect(of('USER')).toEqual(['node'])
  const names = instructions.map(({ name }) => name)
  expect(names.lastIndexOf('RUN')).toBeLessThan(names.indexOf('USER'))
  expect(of('RUN').join('\n')).toContain('chown node:node .millrace')
  expect(of('VOLUME')).toEqual([`${of('WORKDIR').at(-1)}/.millrace`])
})

it('starts a command that gets well, says so to its own health check, and ends with 0 on SIGTERM', async () => {
  const [port = 0] = await freePorts(1)
  const there = (text: string): string => text.replaceAll('9464', String(port))
  const [program = '', ...args] = listOf(there(of('CMD').at(-1) ?? ''))
  const [checks = '', ...check] = listOf(there(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]'))
  expect(checks).toBe('node')
  const running = startProgram(join(image, program), args, { cwd: image, env: process.env })
  const healthy = (): Promise<boolean> =>
    promisify(execFile)(process.execPath, check).then(
      () => true,
      () => false,
    )
  expect(await healthy()).toBe(false)
  try {
    await expect.poll(healthy, { timeout: 60_000, interval: 200 }).toBe(true)
    // As Docker does: the first process alone.
    process.kill(running.pid ?? 0, 'SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect(stdout + stderr).toContain('"msg":"stopped"')
    expect(code).toBe(0)
  } finally {
    await running.kill()
  }
})
