// Keys of a raw terminal: one key, one action; and, when an action asks for it, one line of text.

import { describeCause } from '../../errors/errors.ts'

export interface Hotkey {
  readonly key: string
  readonly what: string
  readonly run: () => void | Promise<void>
}

export interface KeyInput {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
  on(event: 'data', listener: (data: Buffer) => void): unknown
  off(event: 'data', listener: (data: Buffer) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** A line that is being typed. */
interface Typing {
  text: string
  readonly done: (line: string | undefined) => void
}

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const ESCAPE = '\u001B'
const BACKSPACES = new Set(['\u007F', '\b'])

export class Keys {
  readonly #input: KeyInput
  readonly #echo: (text: string) => void
  #hotkeys: readonly Hotkey[] = []
  #interrupt: () => void = () => {}
  #line: Typing | undefined
  readonly #problem: (line: string) => void

  /** @param problem shows what a key could not do; default: as what is typed */
  constructor(
    input: KeyInput,
    echo: (text: string) => void,
    problem: (line: string) => void = (line) => echo(`${line}\n`),
  ) {
    this.#input = input
    this.#echo = echo
    this.#problem = problem
  }

  /** Begins to listen, where there is a terminal; false where there is none. */
  listen(hotkeys: readonly Hotkey[], interrupt: () => void): boolean {
    this.#hotkeys = hotkeys
    this.#interrupt = interrupt
    if (!this.#input.isTTY || !this.#input.setRawMode) return false
    this.#input.setRawMode(true)
    this.#input.on('data', this.#onData)
    this.#input.resume()
    return true
  }

  /** One line, typed; undefined when it was given up. */
  ask(prompt: string): Promise<string | undefined> {
    this.#echo(prompt)
    return new Promise((done) => {
      this.#line = { text: '', done }
    })
  }

  close(): void {
    this.#input.off('data', this.#onData)
    if (this.#input.isTTY) this.#input.setRawMode?.(false)
    this.#input.pause()
  }

  readonly #onData = (data: Buffer): void => {
    const text = data.toString('utf8')
    // An arrow or another key that sends several characters is none of ours.
    if (text.startsWith(ESCAPE) && text.length > 1) return
    for (const character of text) this.#press(character)
  }

  #press(character: string): void {
    if (this.#line) this.#type(this.#line, character)
    else if (character === CTRL_C || character === CTRL_D) this.#interrupt()
    else void this.#run(this.#hotkeys.find(({ key }) => key === character))
  }

  /** What a key could not do is shown: it must not end the session, and leave the terminal raw. */
  async #run(hotkey: Hotkey | undefined): Promise<void> {
    try {
      await hotkey?.run()
    } catch (error) {
      this.#problem(`✘ ${hotkey?.what}: ${describeCause(error)}`)
    }
  }

  #type(line: Typing, character: string): void {
    if (character === '\r' || character === '\n' || character === CTRL_C || character === ESCAPE) {
      this.#line = undefined
      this.#echo('\n')
      line.done(character === '\r' || character === '\n' ? line.text : undefined)
    } else if (BACKSPACES.has(character)) {
      if (line.text !== '') this.#echo('\b \b')
      line.text = line.text.slice(0, -1)
    } else {
      line.text += character
      this.#echo(character)
    }
  }
}
