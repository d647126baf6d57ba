// `millrace init`: a folder with a job, its test and serverless.yml. No network.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { list, object, text, withJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { newProject } from './new-project.ts'

const MADE = object({ folder: text('its whole path'), files: list(text('below it')) })
const PACKAGE = new URL('../../', import.meta.url)

export function initCommand(): Command {
  const command = withJson(new Command('init'), MADE, 'what was made, as JSON')
    .description('make a folder with a job, its test and serverless.yml; needs no network')
    .argument('[folder]', 'where; has to be empty, or not to be there', '.')
    .action(runInit)
  return withManual(command, {
    examples: [['millrace init my-job', 'a project in a new folder']],
    exits: { 3: 'there is something in the folder already' },
  })
}

function runInit(folder: string, { json = false }: { readonly json?: boolean }): void {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8'))
  const templates = fileURLToPath(new URL('templates/job', PACKAGE))
  const { refused, text } = newProject({ folder, templates, millrace: version })
  if (refused) process.exitCode = EXIT.refused
  if (refused) console.error(text)
  else if (json) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = files.map((file) => relative(folder, join(file.parentPath, file.name))).sort()
    console.log(JSON.stringify({ folder: resolve(folder), files: paths }))
  } else console.log(text)
}
