// What targets have in common: a refusal by name is a good answer, anything else that is thrown is not.

import { MillraceError } from '../src/errors/errors.ts'

/** Undefined when the input is refused by a named error whose message has a bound. */
export async function orRefused<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof MillraceError && error.message.length < 3000) return undefined
    throw error
  }
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}
