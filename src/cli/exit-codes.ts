// What a command's exit code means, for scripts; the same in every command.

import { CommanderError } from 'commander'
import { MillraceError } from '../errors/errors.ts'
import type { ErrorCode } from '../errors/kinds.ts'

export const EXIT = {
  ok: 0,
  failed: 1,
  /** What was asked for cannot be meant. */
  usage: 2,
  /** It would do harm, or nobody has agreed to it. */
  refused: 3,
  notFound: 4,
  /** It was begun, and is not over yet. */
  goingOn: 5,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const BY_CODE: ReadonlyMap<ErrorCode, ExitCode> = new Map<ErrorCode, ExitCode>([
  ['INVALID_OPTION', EXIT.usage],
  ['OFFSET_OUT_OF_RANGE', EXIT.usage],
  ['REFUSED', EXIT.refused],
  ['GROUP_IN_USE', EXIT.refused],
  ['OBJECTS_DIFFER', EXIT.refused],
  ['INCOMPATIBLE_JOB', EXIT.refused],
  ['RECORDS_ON_THE_WAY', EXIT.refused],
  ['JOB_NAME_TAKEN', EXIT.refused],
  ['NOT_FOUND', EXIT.notFound],
  ['TOPIC_MISSING', EXIT.notFound],
  ['TABLE_MISSING', EXIT.notFound],
  ['BUCKET_MISSING', EXIT.notFound],
  ['QUEUE_MISSING', EXIT.notFound],
  ['FUNCTION_MISSING', EXIT.notFound],
])

/** The exit code of what a command has thrown. */
export function exitCodeOf(error: unknown): number {
  // Commander's own: 0 after help and version, else something was typed that it does not know.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  return error instanceof MillraceError ? (BY_CODE.get(error.code) ?? EXIT.failed) : EXIT.failed
}
