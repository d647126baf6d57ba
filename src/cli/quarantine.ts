// `millrace quarantine`: what a job has put aside, and once more into its topic with it when the job has been mended.

import { Command } from 'commander'
import { getCommand } from './set-aside/get.ts'
import { listCommand } from './set-aside/ls.ts'
import { replayCommand } from './set-aside/replay.ts'

export function quarantineCommand(): Command {
  return new Command('quarantine')
    .description('records and values that a job has put aside, and why')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(replayCommand())
}
