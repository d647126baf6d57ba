// Structured log lines for CloudWatch, written at once, because a frozen function would not flush later. The lines are pino's,
// for whoever reads them; pino itself was 65 KB of a bundle, most of it never called.

import { writeSync } from 'node:fs'
import { InvalidOptionError } from '../errors/errors.ts'
import type { Log } from '../runtime/environment.ts'

/** pino's numbers. */
const LEVELS = new Map([
  ['trace', 10],
  ['debug', 20],
  ['info', 30],
  ['warn', 40],
  ['error', 50],
  ['fatal', 60],
  ['silent', Number.POSITIVE_INFINITY],
])

const STDOUT = 1
/** How long to wait for whoever reads a full pipe, before the next try; as pino's. */
const FULL_PIPE_MS = 100

type Write = (bytes: Uint8Array, at: number) => number

/**
 * @param level the least that is written: `debug`, `info`, `warn`, `error`, `silent`.
 * @throws InvalidOptionError
 */
export function jsonLog(level: string, write: Write = (bytes, at) => writeSync(STDOUT, bytes, at)): Log {
  const least = LEVELS.get(level)
  if (least === undefined) {
    throw new InvalidOptionError(`MILLRACE_LOG_LEVEL: '${level}' is none of ${[...LEVELS.keys()].join(', ')}.`)
  }
  const at =
    (level: number): Log['info'] =>
    (facts, message) => {
      if (level >= least) writeLine(write, lineOf(level, facts, message))
    }
  return { info: at(30), warn: at(40), error: at(50) }
}

function lineOf(level: number, facts: Readonly<Record<string, unknown>>, msg: string): string {
  const line = { level, time: Date.now() }
  try {
    return JSON.stringify({ ...line, ...facts, msg }, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  } catch (error) {
    // A log never stops what it tells of: what refers to itself is left out, and the line says so.
    return JSON.stringify({ ...line, unwritable: String(error), msg })
  }
}

function writeLine(write: Write, line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += write(bytes, at)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return // nobody reads, so there is nobody to tell
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS)
    }
  }
}
