#!/usr/bin/env node
// `npm create millrace@latest [folder]`: what `npx millrace init` does, without installing Millrace first.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { newProject } from '../src/cli/new-project.ts'
import { versionProblem } from '../src/node-version.ts'

const HERE = new URL('..', import.meta.url)
const REFUSED = 3

const problem = versionProblem()
if (problem === undefined) create(process.argv[2] ?? 'my-job')
else {
  console.error(problem)
  process.exitCode = 1
}

function create(folder: string): void {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', HERE), 'utf8'))
  const { refused, text } = newProject({
    folder,
    templates: fileURLToPath(new URL('templates/job', HERE)),
    millrace: version,
  })
  if (refused) process.exitCode = REFUSED
  if (refused) console.error(text)
  else console.log(text)
}
