// Running a command to its end, for installations and look-ups.

import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Milliseconds after which it is killed. */
  readonly timeout?: number
  /** Give standard error as well: `java -version` answers there. */
  readonly both?: boolean
}

/** Its standard output; an error with everything it said when it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { both = false, ...rest } = options
  const child = spawn(command, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] })
  const out: Buffer[] = []
  const all: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => {
    out.push(data)
    all.push(data)
  })
  child.stderr.on('data', (data: Buffer) => all.push(data))
  const end = await new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`)))
    child.once('close', (code, signal) => resolve(String(signal ?? code)))
  })
  if (end === '0') return Buffer.concat(both ? all : out).toString()
  throw new Error(`${command} ${args.join(' ')} failed (${end})\n${Buffer.concat(all).toString()}`)
}
