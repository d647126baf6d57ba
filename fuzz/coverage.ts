// Which characters of the project's own source have run, by V8's precise coverage. No instrumentation and no dependency.

import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/** Which characters of a file have run. */
interface File {
  readonly text: string
  readonly covered: Uint8Array
}

export class Coverage {
  readonly #session = new Session()
  readonly #only: (url: string) => boolean
  readonly #files = new Map<string, File>()
  /** What the last `take` found to be new. */
  #fresh: { readonly covered: Uint8Array; readonly at: number }[] = []

  /** @param only which files count, by their URL. */
  constructor(only: (url: string) => boolean) {
    this.#only = only
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Takes what ran since the last call; how many characters ran for the first time ever. */
  take(): number {
    this.#fresh = []
    // Without another thread in between the answer is there before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error
      for (const { url, functions } of answer.result) {
        if (this.#only(url)) this.#add(url, functions)
      }
    })
    return this.#fresh.length
  }

  /** Takes back what the last `take` noted. */
  forgetLast(): void {
    for (const { covered, at } of this.#fresh) covered[at] = 0
  }

  /** Of every file that was loaded, how much has run: characters that are no blanks. */
  report(): { file: string; covered: number; total: number }[] {
    return [...this.#files].map(([url, { text, covered }]) => {
      let [ran, total] = [0, 0]
      for (let i = 0; i < text.length; i++) {
        if (/\s/.test(text.charAt(i))) continue
        total++
        ran += covered[i] ?? 0
      }
      return { file: url, covered: ran, total }
    })
  }

  stop(): void {
    this.#session.disconnect()
  }

  #add(url: string, functions: readonly { readonly ranges: readonly Range[] }[]): void {
    let file = this.#files.get(url)
    if (!file) {
      const text = readFileSync(fileURLToPath(url), 'utf8')
      file = { text, covered: new Uint8Array(text.length) }
      this.#files.set(url, file)
    }
    // Inner functions and blocks come after what they are in, and paint over it.
    const { covered } = file
    const ran = new Uint8Array(covered.length)
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    }
    for (let at = 0; at < ran.length; at++) {
      if (ran[at] === 0 || covered[at] === 1) continue
      covered[at] = 1
      this.#fresh.push({ covered, at })
    }
  }
}
