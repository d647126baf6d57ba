// The command line. One file per command, loaded when it is asked for; errors that Millrace throws on purpose end as one line,
// others with a stack.

import './quiet.ts'
import { Command, CommanderError } from 'commander'
import { MillraceError } from '../errors/errors.ts'
import { COMPLETE } from './completion.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { noSchema, schemaAskedFor } from './json-output.ts'
import { version } from './version.ts'

/**
 * All together take twice the time of one: only what lists them, or does not know which is meant, loads all. What each must have
 * (`withJson`, `withManual`) `test/architecture/commands.test.ts` holds.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  batch: async () => (await import('./batch.ts')).batchCommand(),
  completion: async () => (await import('./completion.ts')).completionCommand(),
  consume: async () => (await import('./consume.ts')).consumeCommand(),
  cost: async () => (await import('./cost.ts')).costCommand(),
  dev: async () => (await import('./dev.ts')).devCommand(),
  event: async () => (await import('./event.ts')).eventCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  groups: async () => (await import('./groups.ts')).groupsCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
  log: async () => (await import('./log.ts')).logCommand(),
  offsets: async () => (await import('./offsets.ts')).offsetsCommand(),
  outbox: async () => (await import('./outbox.ts')).outboxCommand(),
  pause: async () => (await import('./pause.ts')).pauseCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  poller: async () => (await import('./poller.ts')).pollerCommand(),
  produce: async () => (await import('./produce.ts')).produceCommand(),
  quarantine: async () => (await import('./quarantine.ts')).quarantineCommand(),
  resume: async () => (await import('./resume.ts')).resumeCommand(),
  run: async () => (await import('./run.ts')).runCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  state: async () => (await import('./state.ts')).stateCommand(),
  start: async () => (await import('./start.ts')).startCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  stop: async () => (await import('./stop.ts')).stopCommand(),
  storage: async () => (await import('./storage.ts')).storageCommand(),
  tail: async () => (await import('./tail.ts')).tailCommand(),
  topics: async () => (await import('./topics.ts')).topicsCommand(),
  undo: async () => (await import('./undo.ts')).undoCommand(),
}

/** The command line with these commands; by default with all. */
export async function programOf(names: readonly string[] = Object.keys(COMMANDS)): Promise<Command> {
  const program = new Command('millrace')
    .description("Spark Streaming's model on serverless functions")
    .version(version())
    .showSuggestionAfterError()
    .showHelpAfterError('millrace --help lists all commands.')
  for (const command of await Promise.all(names.map((name) => COMMANDS[name]?.())))
    if (command) program.addCommand(command)
  throwing(program)
  return program
}

/** Does what the words ask for, and sets the exit code of this process. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const [name = ''] = words
  if (name === COMPLETE) return complete(words.slice(1))
  const program = await programOf(Object.hasOwn(COMMANDS, name) ? [name] : undefined)
  const schema = schemaAskedFor(program, words)
  if (schema) console.log(JSON.stringify(schema, undefined, 2))
  else if (words.includes('--json=help')) {
    console.error(`--json=help: ${noSchema(program, words)}`)
    process.exitCode = EXIT.usage
  } else await run(program, words)
}

/** So long a Tab may take, at most. */
const COMPLETE_MS = 1500

/** Prints candidates, or nothing: whoever types a line wants no errors of another. */
async function complete(words: readonly string[]): Promise<void> {
  setTimeout(() => process.exit(), COMPLETE_MS).unref()
  const { candidates } = await import('./complete.ts')
  const found = await candidates(words, Object.keys(COMMANDS), programOf).catch(() => [])
  if (found.length > 0) process.stdout.write(`${found.join('\n')}\n`)
}

async function run(program: Command, words: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(words, { from: 'user' })
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
