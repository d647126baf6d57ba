// Standard output that is no faster than its reader: what is printed waits in no memory, and `| head` ends the command.

/** Resolves when standard output takes more, or nobody reads it any more. */
export function drained(): Promise<void> {
  const { stdout } = process
  return new Promise((resolve) => {
    const done = (): void => {
      stdout.off('drain', done).off('error', done)
      resolve()
    }
    stdout.once('drain', done).once('error', done)
  })
}

/**
 * Prints a line. False: nobody reads any more.
 *
 * @example for (const line of lines) if (!(await printLine(line))) return
 */
export async function printLine(line: string): Promise<boolean> {
  if (process.stdout.errored) return false
  if (!process.stdout.write(`${line}\n`)) await drained()
  return !process.stdout.errored
}

/** `millrace … | head`: an error of standard output is no error of the command. Returns what ends it. */
export function endsWithItsReader(): () => void {
  const ignore = (): void => undefined
  process.stdout.on('error', ignore)
  return () => process.stdout.off('error', ignore)
}
