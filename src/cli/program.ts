// The command line. One file per command, loaded when it is asked for; errors that Millrace throws on purpose end as one line,
// others with a stack.

import './quiet.ts'
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { MillraceError } from '../errors/errors.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { schemaAskedFor } from './json-output.ts'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

/** All together take twice the time of one: only what lists them, or does not know which is meant, loads all. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  batch: async () => (await import('./batch.ts')).batchCommand(),
  consume: async () => (await import('./consume.ts')).consumeCommand(),
  dev: async () => (await import('./dev.ts')).devCommand(),
  groups: async () => (await import('./groups.ts')).groupsCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
  offsets: async () => (await import('./offsets.ts')).offsetsCommand(),
  outbox: async () => (await import('./outbox.ts')).outboxCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  poller: async () => (await import('./poller.ts')).pollerCommand(),
  produce: async () => (await import('./produce.ts')).produceCommand(),
  run: async () => (await import('./run.ts')).runCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  state: async () => (await import('./state.ts')).stateCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  storage: async () => (await import('./storage.ts')).storageCommand(),
  topics: async () => (await import('./topics.ts')).topicsCommand(),
}

const program = new Command('millrace')
  .description("Spark Streaming's model on serverless functions")
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('millrace --help lists all commands.')
const words = process.argv.slice(2)
const [name = ''] = words
const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS)
for (const command of await Promise.all(wanted.map((load) => load?.()))) if (command) program.addCommand(command)

throwing(program)
const schema = schemaAskedFor(program, words)
if (schema) console.log(JSON.stringify(schema, undefined, 2))
else if (words.includes('--json=help')) {
  console.error('--json=help: this command has no schema.')
  process.exitCode = EXIT.usage
} else await run()

async function run(): Promise<void> {
  try {
    await program.parseAsync()
  } catch (error) {
    // Commander has said by then what it did not understand.
    if (!(error instanceof CommanderError))
      console.error(error instanceof MillraceError ? `${error.code}: ${error.message}` : error)
    process.exitCode = exitCodeOf(error)
  }
}

/** Commander would end the process itself, always with 1. */
function throwing(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) throwing(one)
}
