// What destroys asks. `--yes` answers, and without a terminal it is refused: a script says what it means.

import { createInterface } from 'node:readline/promises'
import { RefusedError } from '../errors/cli-errors.ts'

/** @throws RefusedError unless somebody agrees */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY)
    throw new RefusedError(`${question} There is no terminal to ask: add --yes. Nothing was changed.`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new RefusedError('Nothing was changed.')
  } finally {
    terminal.close()
  }
}
