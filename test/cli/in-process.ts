// Commands in the process of the test, which starts in no time where a process of its own takes seconds. What is given as input comes
// from a file: standard input belongs to the runner.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { vi } from 'vitest'
import { consumeCommand } from '../../src/cli/consume.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { groupsCommand } from '../../src/cli/groups.ts'
import { schemaAskedFor } from '../../src/cli/json-output.ts'
import { produceCommand } from '../../src/cli/produce.ts'
import { stateCommand } from '../../src/cli/state.ts'
import { topicsCommand } from '../../src/cli/topics.ts'
import { MillraceError } from '../../src/errors/errors.ts'
import type { NodeProcess } from '../support/node-process.ts'

const COMMANDS = [consumeCommand, groupsCommand, produceCommand, stateCommand, topicsCommand]

/** Runs a command with these environment variables; one at a time. */
export async function inProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<NodeProcess> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((line) => void stdout.push(`${line}\n`)),
    vi.spyOn(console, 'error').mockImplementation((line) => void stderr.push(`${line}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0),
  ]
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-input-'))
  const file = join(folder, 'input')
  writeFileSync(file, input ?? '')
  const program = new Command('millrace')
  for (const make of COMMANDS) program.addCommand(make())
  const throwing = (command: Command): void => {
    command.exitOverride()
    command.commands.forEach(throwing)
  }
  throwing(program)
  let code = 0
  try {
    const schema = schemaAskedFor(program, args)
    if (schema) console.log(JSON.stringify(schema))
    else await program.parseAsync([...args, ...(input === undefined ? [] : ['--file', file])], { from: 'user' })
  } catch (error) {
    if (error instanceof MillraceError) stderr.push(`${error.code}: ${error.message}\n`)
    else if (!(error instanceof CommanderError)) throw error
    code = exitCodeOf(error)
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  }
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}
