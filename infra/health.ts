// Waiting for a server that tells its health over HTTP.

import { readFile } from 'node:fs/promises'
import { type Started, until } from './process.ts'

/** Emulators take about a second on an idle machine; the first start also writes the compiled Python. */
const LONGEST_START = 120_000

/** Waits until the URL answers 200; an error with the last lines of the log when the server ends instead. */
export async function untilHealthy(url: string, server: Started, log: string): Promise<void> {
  await until(
    async () => {
      const end = server.ended()
      if (end !== undefined) throw new Error(`It ended with ${end} instead of starting:\n${await lastLines(log)}`)
      return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
        (answer) => answer.ok,
        () => false,
      )
    },
    LONGEST_START,
    url,
  )
}

export async function lastLines(log: string): Promise<string> {
  return (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-20).join('\n')
}
