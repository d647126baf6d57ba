// docs/guide/stop.md and docs/guide/control.md: the commands and flags are there, and what is asked and answered is what the server says.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { expect, it, test } from 'vitest'
import { pauseCommand } from '../../src/cli/pause.ts'
import { resumeCommand } from '../../src/cli/resume.ts'
import { runCommand } from '../../src/cli/run.ts'
import { serveCommand } from '../../src/cli/serve.ts'
import { startCommand } from '../../src/cli/start.ts'
import { stopCommand } from '../../src/cli/stop.ts'
import { version } from '../../src/cli/version.ts'
import type { KnownProcess, Phase } from '../../src/local/control/processes.ts'
import { readRequest, toJson } from '../../src/local/control/protocol.ts'
import { runDoor, standingOf } from '../../src/local/control/run-door.ts'
import { Submissions } from '../../src/local/control/submissions.ts'
import type { KnownControl } from '../../src/runtime/control-row.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'

const page = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../docs/guide', `${name}.md`), 'utf8')
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, found = '']) => found)
const COMMANDS: Readonly<Record<string, () => Command>> = {
  pause: pauseCommand,
  resume: resumeCommand,
  run: runCommand,
  serve: serveCommand,
  start: startCommand,
  stop: stopCommand,
}

const commands = [page('stop'), page('control')].flatMap((text) =>
  [...text.matchAll(/(?:npx |`)millrace (\w+)((?: [^#`\n]+)?)/g)].map(
    ([, name = '', rest = '']) => [name, rest.trim()] as const,
  ),
)

test('there are commands on the pages', () => expect(commands.length).toBeGreaterThan(8))

test.each(commands.filter(([name]) => name in COMMANDS))('millrace %s %s', (name, rest) => {
  const command = COMMANDS[name]?.().exitOverride()
  expect(command?.parseOptions(rest.split(' ').filter(Boolean)).unknown).toEqual([])
})

it.each([...page('control').matchAll(/`(--[a-z-]+)[^`]*`/g)].map(([, flag = '']) => flag))(
  'serve or run has %s',
  (flag) => {
    const flags = [serveCommand(), runCommand()].flatMap(({ options }) => options.map(({ long }) => long))
    expect(flags).toContain(flag)
  },
)

it('answers the request of control.md with what stands there', async () => {
  const text = page('control')
  const [, request = ''] = /-d '(\{[\s\S]*?\})'/.exec(text) ?? []
  const table = memoryTable()
  const job = { door: runDoor(table, 'words'), table, driven: false }
  const submissions = new Submissions({
    jobs: new Map([['words', job]]),
    allowed: new Set(['GREETING']),
    drain: false,
    version: version(),
    drive: () => {},
  })
  const { body } = await submissions.create(readRequest(request))
  expect(`${toJson(body)}\n`).toBe(blocks(text, 'json')[0])
})

it('shows the phases of stop.md as they are', () => {
  const shown = blocks(page('stop'), 'text')[0] ?? ''
  const control: KnownControl = {
    wanted: 'stopped',
    since: 0,
    attempt: 1,
    parameters: [],
    rev: 2,
    drain: { done: false },
  }
  const alive = (phase: Phase, obeys: number): KnownProcess[] =>
    ['a', 'b'].map((instance) => ({ instance, host: 'h', pid: 1, since: 0, seen: 0, obeys, phase, inFlight: 0 }))
  const done: KnownControl = { ...control, drain: { done: true } }
  const lines = [
    `words: ${standingOf('words', control, alive('running', 1)).phase}`,
    `words: ${standingOf('words', control, alive('paused', 2)).phase}`,
    `words-0001: ${standingOf('words', done, alive('stopped', 2)).phase}`,
  ]
  expect(shown.split('\n').slice(1, 4)).toEqual(lines)
})
