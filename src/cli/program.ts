// The command line. One file per command; errors that Millrace throws on purpose end as one line, others with a stack.

import './quiet.ts'
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { MillraceError } from '../errors/errors.ts'
import { batchCommand } from './batch.ts'
import { devCommand } from './dev.ts'
import { initCommand } from './init.ts'
import { offsetsCommand } from './offsets.ts'
import { outboxCommand } from './outbox.ts'
import { planCommand } from './plan.ts'
import { pollerCommand } from './poller.ts'
import { simulateCommand } from './simulate.ts'
import { storageCommand } from './storage.ts'

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

const program = new Command('millrace')
  .description("Spark Streaming's model on serverless functions")
  .version(version)
  .showSuggestionAfterError()
  .addCommand(batchCommand())
  .addCommand(devCommand())
  .addCommand(initCommand())
  .addCommand(offsetsCommand())
  .addCommand(outboxCommand())
  .addCommand(planCommand())
  .addCommand(pollerCommand())
  .addCommand(simulateCommand())
  .addCommand(storageCommand())

try {
  await program.parseAsync()
} catch (error) {
  console.error(error instanceof MillraceError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
}
