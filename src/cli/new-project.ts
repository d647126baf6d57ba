// A folder to begin with: the files of `templates/job`, with a name and a version put in. Needs nothing but Node.js, so that
// `create-millrace` is this file and those.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'

/** Npm changes or leaves out files of these names when it packs. */
const NAMES = ['package.json', 'gitignore', 'tsconfig.json'] as const

/** What may be there already. */
const HARMLESS = new Set(['.git', '.DS_Store'])

export interface NewProject {
  /** Where it shall be; made when it is not there. */
  readonly folder: string
  /** The files to begin with. */
  readonly templates: string
  /** The version of Millrace that it asks for. */
  readonly millrace: string
}

/** Makes the files; the answer says what to do next. A folder with anything in it is refused: the answer says so, and nothing is done. */
export function newProject({ folder, templates, millrace }: NewProject): {
  readonly refused: boolean
  readonly text: string
} {
  const target = resolve(folder)
  const there = existsSync(target) ? readdirSync(target).filter((name) => !HARMLESS.has(name)) : []
  if (there.length > 0) {
    const some = there.slice(0, 3).join(', ')
    return {
      refused: true,
      text: `${target} is not empty (${some}${there.length > 3 ? ', …' : ''}), and nothing in it is touched. Name a new folder: npx millrace init ${folder === '.' ? 'my-job' : `${basename(target)}-2`}`,
    }
  }
  const name = packageName(basename(target))
  mkdirSync(target, { recursive: true })
  cpSync(templates, target, { recursive: true })
  for (const one of NAMES) renameSync(join(target, `_${one}`), join(target, one === 'gitignore' ? '.gitignore' : one))
  for (const file of ['package.json', 'README.md', 'serverless.yml']) {
    const path = join(target, file)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replaceAll('{{name}}', name).replaceAll('{{millrace}}', `^${millrace}`),
    )
  }
  const from = relative(process.cwd(), target)
  const steps = [
    ...(from === '' ? [] : [`cd ${/\s/.test(from) ? JSON.stringify(from) : from}`]),
    'npm install',
    'npm test',
    'npm run dev     # the job on this machine; reloads when functions/words.ts changes',
  ]
  return {
    refused: false,
    text: [
      `${name}: a job in functions/words.ts, its test, serverless.yml. Next:`,
      '',
      ...steps.map((step) => `  ${step}`),
    ].join('\n'),
  }
}

/** What npm takes as a name, and CloudFormation as part of one. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
  return name === '' ? 'my-job' : name
}
