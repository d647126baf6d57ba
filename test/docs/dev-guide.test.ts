// The commands of docs/guide/dev.md, run as they stand there.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DevProcess, projectFolder } from '../support/dev-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = await readFile(join(ROOT, 'docs/guide/dev.md'), 'utf8')
const COMMANDS = [...new Set(PAGE.match(/^npx millrace dev .*$/gm))]

let project: Awaited<ReturnType<typeof projectFolder>>
beforeEach(async () => {
  const module = await readFile(join(ROOT, 'test/docs/snippets/dev.ts'), 'utf8')
  project = await projectFolder(module)
  await mkdir(join(project.folder, 'functions'))
  await writeFile(join(project.folder, 'functions/words.ts'), module)
  await writeFile(join(project.folder, 'lines.txt'), 'to be or not to be\n')
})
afterEach(() => project.remove())

/** As a shell would take it apart. */
const argumentsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

it('has commands', () => {
  expect(COMMANDS.length).toBeGreaterThan(5)
})

it.each(COMMANDS)('%s', async (command) => {
  const [, , , ...args] = argumentsOf(command)
  const dev = new DevProcess(project.folder, args)
  try {
    await dev.shows('millrace dev: words')
    if (command.includes('--from') || command.includes('--generate')) await dev.shows(/\(to,\d+\)/)
    if (command.includes('--from')) {
      const [, printed = ''] = /```text\n([\s\S]*?)```/.exec(PAGE) ?? []
      const withTime = (text: string): string => text.replace(/Time: \d+/, 'Time: T')
      await Promise.all(['(or,1)', '(not,1)'].map((line) => dev.shows(line))) // the lines of a window come one by one
      for (const line of withTime(printed).split('\n')) expect(withTime(dev.output)).toContain(line)
    }
    expect(await dev.end()).toBe(0)
    expect(dev.output).not.toContain('✘')
  } finally {
    await dev.end('SIGKILL')
  }
})
