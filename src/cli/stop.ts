// `millrace stop`: a job takes nothing in, what is under way is committed and published, and wake-ups end. With `--drain` every window is
// closed before that, so nothing waits.

import { Command } from 'commander'
import { type ControlFlags, control, controlOptions } from './control.ts'

const EXAMPLES = [
  ['millrace stop words', 'its windows stay open until it is started again'],
  ['millrace stop words --drain --timeout 10m', 'closes every window first, and waits for up to ten minutes'],
] as const

export function stopCommand(): Command {
  return controlOptions(new Command('stop'), EXAMPLES, 'no process is there whose code could close its windows')
    .description('stop a job: what is under way is committed and published, then its wake-ups end')
    .option('--drain', 'first close every window, ahead of the clock, so that nothing waits')
    .action((job: string, flags: ControlFlags & { readonly drain?: boolean }) =>
      control(job, flags, (door) => door.stop(flags.drain === true)),
    )
}
