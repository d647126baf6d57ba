// `millrace pause`: a job takes nothing in any more; what is open is still closed by the clock.

import { Command } from 'commander'
import { type ControlFlags, control, controlOptions } from './control.ts'

const EXAMPLES = [
  ['millrace pause words', 'of a job whose state is in the folder .millrace, or where the variables say'],
  [
    'millrace pause words --table shop-prod-millrace --bucket shop-prod-millrace-1234',
    'on AWS: its mappings are disabled',
  ],
] as const

export function pauseCommand(): Command {
  return controlOptions(new Command('pause'), EXAMPLES, 'the job is stopped, so there is nothing to pause')
    .description(
      'let a job take nothing in: deployed, its mappings are disabled; wake-ups go on, so open windows close',
    )
    .action((job: string, flags: ControlFlags) => control(job, flags, (door) => door.pause()))
}
