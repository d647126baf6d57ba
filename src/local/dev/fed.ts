// What `--from` has appended in sessions before: a file is appended once, and later only what was added to it.

import { createHash, type Hash } from 'node:crypto'
import { createReadStream, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** The beginning of a file that is in a topic. */
interface Fed {
  readonly lines: number
  readonly hash: string
}

/** How far a file is in its topic. */
export interface Progress {
  /** Lines at the beginning of the file that are in the topic. */
  readonly lines: number
  /** It was appended before, and does not begin as it did. */
  readonly changed: boolean
  /** These lines, which come next, are in the topic now. */
  appended(lines: readonly string[]): void
}

export class FedFiles {
  readonly #file: string
  readonly #fed: Map<string, Fed>

  /** @param file keeps it */
  constructor(file: string) {
    this.#file = file
    this.#fed = new Map(Object.entries(readFed(file)))
  }

  /**
   * @param name of file and topic
   * @param holds so many records are in the topic: it may have been made anew
   */
  async progress(name: string, path: string, holds: number): Promise<Progress> {
    const fed = this.#fed.get(name)
    const before = fed && fed.lines <= holds ? await hashOf(path, fed.lines) : undefined
    const same = before !== undefined && before.copy().digest('hex') === fed?.hash
    const hash = same ? before : createHash('sha256')
    const known = same ? (fed?.lines ?? 0) : 0
    let lines = known
    return {
      lines: known,
      changed: before !== undefined && !same,
      appended: (some) => {
        for (const line of some) hash.update(`${line}\n`)
        lines += some.length
        this.#set(name, { lines, hash: hash.copy().digest('hex') })
      },
    }
  }

  #set(name: string, fed: Fed): void {
    this.#fed.set(name, fed)
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#fed)))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

async function hashOf(path: string, lines: number): Promise<Hash> {
  const hash = createHash('sha256')
  const input = createReadStream(path)
  let left = lines
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (left-- <= 0) break
    hash.update(`${line}\n`)
  }
  input.destroy()
  return hash
}

function readFed(file: string): Record<string, Fed> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {} // none yet
  }
}
