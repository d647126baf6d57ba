// docs/reference/cli.md, made from the commands: what `--help` says of each, as a page. `npm run reference` writes it anew, and
// test/docs/cli-reference.test.ts fails when it is stale.

import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Argument, Command, Option } from 'commander'
import { EXIT } from '../src/cli/exit-codes.ts'
import { reasonWithoutJson } from '../src/cli/json-output.ts'
import { exitsOf, leavesOf, type Manual, manualOf } from '../src/cli/manual.ts'
import { programOf } from '../src/cli/program.ts'

export const REFERENCE = join(resolve(import.meta.dirname, '..'), 'docs/reference/cli.md')

const MEANS = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'failed',
  [EXIT.usage]: 'not understood',
  [EXIT.refused]: 'refused',
  [EXIT.notFound]: 'not found',
  [EXIT.goingOn]: 'still going on',
} as const

const INTRODUCTION = `# The command line

<!-- Made from the commands by npm run reference: change what a command says of itself in src/cli, not this page. -->

\`npx millrace <command>\` in a project, \`millrace <command> --help\` for one of them. This page is made from the same descriptions.

- **Data goes to standard output, talk to standard error.** So what a command prints can be piped, and errors are seen all the same.
- **\`--json\`** prints what was found or done as JSON, one document a line; **\`--json=help\`** prints its schema (JSON Schema).
- **Exit codes** are the same in every command: ${Object.entries(MEANS)
  .map(([code, meaning]) => `${code} ${meaning}`)
  .join(', ')}.
- **What moves positions or state is a dry run** that shows what would change, until \`--execute\`. **What destroys asks**; \`--yes\` answers, and without a terminal it is refused.
- **Where state is**: \`--table\` and \`--bucket\` (or \`MILLRACE_TABLE\` and \`MILLRACE_BUCKET\`), or \`--dir\` (\`MILLRACE_DIR\`), or else the folder \`.millrace\`. \`AWS_ENDPOINT_URL\` leads to an emulator.
- **Where topics are**: \`--brokers\` (\`KAFKA_BROKERS\`) is Kafka; without it they are in the same folder.
- **Offsets and times** are written as [these words](offsets.md) in every command.
- **Completion**: \`millrace completion bash|zsh|fish\` prints a script for your shell.
`

/** The page. */
export async function cliReference(): Promise<string> {
  const program = await programOf()
  const commands = program.commands.filter((command) => command.name() !== 'help').map(sectionOf)
  return `${[INTRODUCTION, ...commands].join('\n')}`
}

function sectionOf(command: Command): string {
  if (command.commands.length === 0) return pageOf(command.name(), command, '##')
  const inside = leavesOf(command, [command.name()]).map(([name, one]) => pageOf(name, one, '###'))
  return [`## millrace ${command.name()}\n\n${sentence(command.description())}\n`, ...inside].join('\n')
}

function pageOf(name: string, command: Command, heading: string): string {
  const manual = manualOf(command)
  const reason = reasonWithoutJson(command)
  const usage = `${name} ${command.usage()}`.trim()
  return [
    `${heading} millrace ${name}`,
    '',
    sentence(command.description()),
    '',
    '```text',
    `millrace ${usage}`,
    '```',
    '',
    ...tableOf(command),
    ...(reason === undefined ? [] : [`No \`--json\`: ${reason}`, '']),
    ...(manual === undefined ? [] : manualLines(manual)),
  ].join('\n')
}

function tableOf(command: Command): string[] {
  const rows = [
    ...command.registeredArguments.filter(({ description }) => description !== '').map(argumentRow),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ]
  return rows.length === 0 ? [] : ['| | | default |', '|---|---|---|', ...rows, '']
}

function argumentRow(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return row(argument.required ? `<${name}>` : `[${name}]`, argument.description, argument.defaultValue)
}

const optionRow = ({ flags, description, defaultValue, argChoices }: Option): string =>
  row(flags, argChoices ? `${description} (${argChoices.join(', ')})` : description, defaultValue)

function row(what: string, description: string, value: unknown): string {
  const empty = value === undefined || (Array.isArray(value) && value.length === 0) || typeof value === 'boolean'
  return `| \`${cell(what)}\` | ${cell(description)} | ${empty ? '' : `\`${cell(String(value))}\``} |`
}

function manualLines(manual: Manual): string[] {
  return [
    ...(manual.notes === undefined ? [] : [manual.notes, '']),
    '```sh',
    ...manual.examples.flatMap(([line, what]) => [`# ${what}`, line]),
    '```',
    '',
    ...exitsOf(manual)
      .filter(([code]) => code > EXIT.usage)
      .map(([code, meaning]) => `- Exit code ${code}: ${meaning}.`),
    '',
  ]
}

/** What Markdown would take for its own. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

if (import.meta.main) {
  await writeFile(REFERENCE, await cliReference())
  console.log('docs/reference/cli.md is written anew.')
}
