// `millrace offsets`: where a job stands in its topics. A file per subcommand in `offsets/`, and its line here.

import { Command } from 'commander'
import { exportCommand } from './offsets/export.ts'
import { importCommand } from './offsets/import.ts'
import { setCommand } from './offsets/set.ts'
import { showCommand } from './offsets/show.ts'
import { skipCommand } from './offsets/skip.ts'

export function offsetsCommand(): Command {
  return new Command('offsets')
    .description('where a job stands in its topics: show it, move it, carry it elsewhere; what is missing for good')
    .addCommand(showCommand())
    .addCommand(setCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(skipCommand())
}
