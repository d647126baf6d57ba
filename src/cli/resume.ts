// `millrace resume`: a job that was paused goes on where it was.

import { Command } from 'commander'
import { type ControlFlags, control, controlOptions } from './control.ts'

const EXAMPLES = [['millrace resume words', 'a job that was paused goes on']] as const

export function resumeCommand(): Command {
  return controlOptions(new Command('resume'), EXAMPLES, 'the job is stopped: start it')
    .description('let a paused job take records in again, from where it was')
    .action((job: string, flags: ControlFlags) => control(job, flags, (door) => door.resume()))
}
