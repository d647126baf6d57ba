// What the doctor finds out of this machine: Node, what it brings, what is optional, and `.env`.

import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { versionProblem } from '../../node-version.ts'
import { DATABASE } from '../../stores/folder-database.ts'
import { type Finding, failed, looked, ok, skipped } from './check.ts'

export function checkNode(version: string = process.versions.node): Finding {
  const problem = versionProblem(version)
  return problem === undefined
    ? ok('Node.js', version)
    : failed('Node.js', problem, 'Install it from https://nodejs.org, or with a version manager.')
}

/** @param load loads a module by name */
export function checkSqlite(load: (name: string) => unknown = createRequire(import.meta.url)): Finding {
  try {
    load('node:sqlite')
    return ok('node:sqlite', 'it is there')
  } catch {
    return failed(
      'node:sqlite',
      'this Node.js lacks it: it was built without, or started with --no-experimental-sqlite',
      'Use an official build of Node.js 22.18 or later: the folder needs it.',
    )
  }
}

/** @param isNeeded whether the job calls `sql()`; undefined where its code is not known */
export function checkDuckdb(isNeeded: boolean | undefined, where: string = process.cwd()): Finding {
  if (isNeeded === false) return skipped('DuckDB', 'the job calls no sql()')
  const name = '@duckdb/node-api'
  try {
    createRequire(join(where, 'package.json')).resolve(name)
    return ok('DuckDB', `${name} is installed`)
  } catch {
    if (isNeeded === undefined) return skipped('DuckDB', `${name} is not installed; only jobs that call sql() need it`)
    return failed('DuckDB', `the job calls sql(), and ${name} is not installed`, `npm install ${name}`)
  }
}

/** `.env` is read by dev and run; what the shell sets counts more. */
export function checkEnvFile(
  file = resolve('.env'),
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Finding {
  if (!existsSync(file)) return skipped('.env', 'there is none')
  let read: NodeJS.Dict<string>
  try {
    read = parseEnv(readFileSync(file, 'utf8'))
  } catch {
    return failed('.env', `${file} cannot be read`, 'Look at its permissions.')
  }
  const names = Object.keys(read)
  const wrong = names.filter((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (wrong.length > 0) return failed('.env', `${wrong.join(', ')}: no names of variables`, 'A line is NAME=value.')
  const differ = names.filter((name) => variables[name] !== undefined && variables[name] !== read[name])
  if (differ.length > 0)
    return failed(
      '.env',
      `the shell sets ${differ.join(', ')} otherwise, and that counts more`,
      `Unset ${differ.length === 1 ? 'it' : 'them'} in the shell, or change .env.`,
    )
  return ok('.env', names.length === 0 ? 'it is empty' : `sets ${names.join(', ')}`)
}

export function checkFolder(folder: string): Promise<readonly Finding[]> {
  return looked(
    'folder',
    async () => {
      accessSync(join(folder, DATABASE), constants.R_OK | constants.W_OK)
      return ok('folder', `${resolve(folder)} can be read and written`)
    },
    'Run the job there once (`millrace dev`), name another folder with --dir, or look at its permissions.',
  )
}
