// `millrace state`: what the operators of a job keep, key by key. A file per subcommand in `state/`, and its line here.

import { Command } from 'commander'
import { diffCommand } from './state/diff.ts'
import { editCommand } from './state/edit.ts'
import { getCommand } from './state/get.ts'
import { listCommand } from './state/ls.ts'
import { scanCommand } from './state/scan.ts'

/** All of them: each is a function that returns its command. */
const SUBCOMMANDS: readonly (() => Command)[] = [diffCommand, editCommand, getCommand, listCommand, scanCommand]

export function stateCommand(): Command {
  const command = new Command('state').description('what the operators of a job keep, key by key')
  for (const subcommand of SUBCOMMANDS) command.addCommand(subcommand())
  return command
}
