// `millrace start`: a job that was stopped, or paused, goes on where it was, with other parameters if they are given.

import { Command } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkParameter } from '../local/control/parameters.ts'
import { type ControlFlags, control, controlOptions } from './control.ts'
import { collect } from './job-flags.ts'

const EXAMPLES = [
  ['millrace start words', 'goes on where it was'],
  ['millrace start words --param GREETING=hello --param LIMIT=10', 'with other environment variables, which it keeps'],
] as const

export function startCommand(): Command {
  return controlOptions(new Command('start'), EXAMPLES, 'it runs, and parameters change at a start only')
    .description('start a job that was stopped, exactly where it was')
    .option(
      '--param <name=value>',
      'an environment variable of the job, kept until it is changed again; may be repeated',
      collect,
      [],
    )
    .action(async (job: string, flags: ControlFlags & { readonly param: readonly string[] }) => {
      const given = flags.param.map(assignment)
      for (const [name, value] of given) checkParameter('--param', name, value)
      await control(job, flags, (door) => door.start({ parameters: new Map(given), keep: true }))
    })
}

function assignment(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidOptionError(`--param ${text}: write --param name=value.`)
  return [text.slice(0, at), text.slice(at + 1)]
}
