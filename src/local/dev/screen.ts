// What a session shows: what the job prints on standard output, as it is; all else on standard error, and below it, in a terminal, one
// line of progress that goes when something is said.

export interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const CLEAR = '\r\u001B[2K'
const COLORS = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export class Screen {
  readonly color: boolean
  readonly #stdout: Terminal
  readonly #stderr: Terminal
  #status = ''

  constructor(stdout: Terminal = process.stdout, stderr: Terminal = process.stderr, environment = process.env) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.color = stderr.isTTY === true && !environment.NO_COLOR
  }

  /** A line of the job's. */
  print(line: string): void {
    this.#around(() => this.#stdout.write(`${line}\n`))
  }

  say(...lines: readonly string[]): void {
    this.#around(() => this.#stderr.write(`${lines.join('\n')}\n`))
  }

  /** Of less weight. */
  note(line: string): void {
    this.say(this.paint('dim', line))
  }

  warn(line: string): void {
    this.say(this.paint('yellow', line))
  }

  /** A block that is not overlooked. */
  problem(lines: readonly string[]): void {
    const [first = '', ...rest] = lines
    this.say('', this.paint('red', first), ...rest, '')
  }

  clear(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\u001B[2J\u001B[3J\u001B[H')
  }

  /** One line at the bottom of a terminal, until the next; '' takes it away. */
  status(text: string): void {
    if (this.#stderr.isTTY !== true || text === this.#status) return
    this.#status = text
    this.#stderr.write(`${CLEAR}${this.paint('dim', text)}`)
  }

  paint(color: keyof typeof COLORS, text: string): string {
    return this.color && text !== '' ? `\u001B[${COLORS[color]}m${text}\u001B[0m` : text
  }

  #around(write: () => void): void {
    if (this.#status !== '') this.#stderr.write(CLEAR)
    write()
    if (this.#status !== '') this.#stderr.write(this.paint('dim', this.#status))
  }
}

/** `10:00:05`, of this machine's day. */
export function clockTime(milliseconds: number): string {
  return new Date(milliseconds).toTimeString().slice(0, 8)
}

export function inBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

export function plural(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
