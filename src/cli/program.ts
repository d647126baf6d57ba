// The command line. One file per command; errors that Millrace throws on purpose end as one line, others with a stack.

import './quiet.ts'
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { MillraceError } from '../errors/errors.ts'
import { batchCommand } from './batch.ts'
import { consumeCommand } from './consume.ts'
import { devCommand } from './dev.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { groupsCommand } from './groups.ts'
import { initCommand } from './init.ts'
import { schemaAskedFor } from './json-output.ts'
import { offsetsCommand } from './offsets.ts'
import { outboxCommand } from './outbox.ts'
import { planCommand } from './plan.ts'
import { pollerCommand } from './poller.ts'
import { produceCommand } from './produce.ts'
import { simulateCommand } from './simulate.ts'
import { statusCommand } from './status.ts'
import { storageCommand } from './storage.ts'
import { topicsCommand } from './topics.ts'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

const program = new Command('millrace')
  .description("Spark Streaming's model on serverless functions")
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('millrace --help lists all commands.')
  .addCommand(batchCommand())
  .addCommand(consumeCommand())
  .addCommand(devCommand())
  .addCommand(groupsCommand())
  .addCommand(initCommand())
  .addCommand(offsetsCommand())
  .addCommand(outboxCommand())
  .addCommand(planCommand())
  .addCommand(pollerCommand())
  .addCommand(produceCommand())
  .addCommand(simulateCommand())
  .addCommand(statusCommand())
  .addCommand(storageCommand())
  .addCommand(topicsCommand())

throwing(program)
const words = process.argv.slice(2)
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
