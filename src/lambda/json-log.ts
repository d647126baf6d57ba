// Structured log lines for CloudWatch: pino, written at once, because a frozen function would not flush later.

import { destination, pino } from 'pino'
import type { Log } from '../runtime/environment.ts'

/** @param level pino's: `debug`, `info`, `warn`, `error`, `silent`. */
export function jsonLog(level: string): Log {
  const logger = pino({ level, base: null }, destination({ dest: 1, sync: true }))
  return {
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
  }
}
