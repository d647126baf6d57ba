// What happened, in the order in which it happened: everything as a trace, to compare two runs; what matters as a story.

export interface Happening {
  /** Simulated time. */
  readonly at: number
  readonly text: string
  /** Whether it belongs into a story: reads that go well do not. */
  readonly matters: boolean
}

export class Trace {
  readonly happenings: Happening[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  tell(text: string, matters = true): void {
    this.happenings.push({ at: this.#now(), text, matters })
  }

  lines(): string[] {
    return this.happenings.map(({ at, text }) => `${at} ${text}`)
  }

  /** Numbered, with seconds since the beginning. */
  story(): string {
    const told = this.happenings.filter(({ matters }) => matters)
    const start = told[0]?.at ?? 0
    const width = String(told.length).length
    const names = new Map<string, string>()
    // Named by the step that started them, so that a seed can be shrunk; told in the order in which they come.
    const named = (text: string): string =>
      text.replace(/process-\d+/g, (name) => {
        if (!names.has(name)) names.set(name, `process-${names.size + 1}`)
        return names.get(name) ?? name
      })
    return told
      .map(({ at, text }, i) => `${String(i + 1).padStart(width)}. ${since(start, at)}  ${named(text)}`)
      .join('\n')
  }
}

function since(start: number, at: number): string {
  const seconds = (at - start) / 1000
  if (seconds < 3600) return `+${seconds.toFixed(1)} s`
  return seconds < 86_400 ? `+${(seconds / 3600).toFixed(1)} h` : `+${(seconds / 86_400).toFixed(1)} d`
}
