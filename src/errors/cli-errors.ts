// Errors of the command line.

import { MillraceError } from './errors.ts'

/** What a command was to show or change is not there. */
export class NotFoundError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('NOT_FOUND', message, options)
  }
}

/** A command has not done what it was asked to, because nobody has agreed to what it would cost. */
export class RefusedError extends MillraceError {
  constructor(message: string) {
    super('REFUSED', message)
  }
}
