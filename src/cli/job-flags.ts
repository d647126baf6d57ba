// Flags of commands that run a job on this machine.

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { InvalidArgumentError } from 'commander'
import { readAssignment } from '../local/dev/feeds.ts'

/** `.env` beside the command, and parameters over it; what the shell has set is over `.env`. */
export function environmentOf(parameters: readonly string[]): Record<string, string> {
  const file = resolve('.env')
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  const own = Object.entries(fromFile).flatMap(([name, value]) =>
    value === undefined || process.env[name] !== undefined ? [] : [[name, value] as const],
  )
  const given = parameters.map((text) => readAssignment('--parameters', text, 'value'))
  return Object.fromEntries([...own, ...given])
}

export function collect(text: string, before: readonly string[]): string[] {
  return [...before, text]
}

export function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}

export function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('It is a port, from 1 to 65535.')
}
