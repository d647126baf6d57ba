// `millrace state`: what the operators of a job keep, key by key. A file per subcommand in `state/`, and its line here.

import { Command } from 'commander'

/** All of them: each is a function that returns its command. */
const SUBCOMMANDS: readonly (() => Command)[] = []

export function stateCommand(): Command {
  const command = new Command('state').description('what the operators of a job keep, key by key')
  for (const subcommand of SUBCOMMANDS) command.addCommand(subcommand())
  return command
}
