// `millrace init`: a folder with a job, its test and serverless.yml. No network.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { newProject } from './new-project.ts'

const REFUSED = 3
const PACKAGE = new URL('../../', import.meta.url)

export function initCommand(): Command {
  return new Command('init')
    .description('make a folder with a job, its test and serverless.yml; needs no network')
    .argument('[folder]', 'where; has to be empty, or not to be there', '.')
    .action(runInit)
}

function runInit(folder: string): void {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8'))
  const templates = fileURLToPath(new URL('templates/job', PACKAGE))
  const { refused, text } = newProject({ folder, templates, millrace: version })
  if (refused) process.exitCode = REFUSED
  if (refused) console.error(text)
  else console.log(text)
}
