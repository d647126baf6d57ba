// Commands in the process of the test, which starts in no time where a process of its own takes seconds. What is given as input comes
// from a file: standard input belongs to the runner. What is printed as JSON is held to the command's schema.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { expect, vi } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { schemaAskedFor } from '../../src/cli/json-output.ts'
import { programOf } from '../../src/cli/program.ts'
import { MillraceError } from '../../src/errors/errors.ts'
import { schemaProblems } from '../support/json-schema.ts'
import type { NodeProcess } from '../support/node-process.ts'

/** Runs a command with these environment variables; one at a time. */
export async function inProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
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
  const before = process.exitCode
  process.exitCode = 0
  let code = 0
  const program = await programOf([args[0] ?? ''])
  try {
    const schema = schemaAskedFor(program, args)
    if (schema) console.log(JSON.stringify(schema))
    else await program.parseAsync([...args, ...(input === undefined ? [] : ['--file', file])], { from: 'user' })
    code = Number(process.exitCode)
  } catch (error) {
    if (error instanceof MillraceError) stderr.push(`${error.code}: ${error.message}\n`)
    else if (!(error instanceof CommanderError)) throw error
    code = exitCodeOf(error)
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
    process.exitCode = before
  }
  const said = { code, stdout: stdout.join(''), stderr: stderr.join('') }
  if (args.includes('--json')) holdToSchema(program, args, said.stdout)
  return said
}

/** Each line, or all of it, is as the schema of the command says. */
export function holdToSchema(program: Awaited<ReturnType<typeof programOf>>, args: readonly string[], stdout: string) {
  const schema = schemaAskedFor(program, [...args, '--json=help'])
  const documents: unknown[] = stdout.startsWith('{\n')
    ? stdout.split(/(?<=^\}\n)/m).map((text) => JSON.parse(text))
    : stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
  expect(documents.flatMap((value) => schemaProblems(schema ?? {}, value))).toEqual([])
}
