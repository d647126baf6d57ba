// `millrace dev` as a user starts it: a process of its own over a job in a folder of its own. It dies with the test.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { guard, release } from '../../infra/guardian.ts'
import { until } from '../local/event-source/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')
/** Node.js with the command in it, as a shell would be told. */
export const COMMAND = [process.execPath, '--conditions=millrace-source', MAIN] as const

/** A folder with one module, in which `millrace` can be imported. */
export async function projectFolder(
  module: string,
): Promise<{ folder: string; edit(module: string): Promise<void>; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-dev-'))
  const edit = (text: string): Promise<void> => writeFile(join(folder, 'words.ts'), text)
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules/millrace'))
  await edit(module)
  return { folder, edit, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) }
}

/** One run of the command. */
export class DevProcess {
  readonly #child: ChildProcess
  #output = ''

  /** @param args of the command, the module first */
  constructor(folder: string, args: readonly string[], command: 'dev' | 'run' | 'serve' = 'dev') {
    const [node, ...rest] = COMMAND
    this.#child = spawn(node, [...rest, command, ...args], {
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    this.#child.stdin?.on('error', () => {})
    if (this.#child.pid !== undefined) guard('session', String(this.#child.pid))
  }

  /** What it has shown so far. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Waits until this has been shown since `from`. */
  async shows(what: string | RegExp, from = 0): Promise<void> {
    const shown = (): boolean => {
      const text = this.#output.slice(from)
      return typeof what === 'string' ? text.includes(what) : what.test(text)
    }
    const ended = (): boolean => this.#child.exitCode !== null
    await until(`it shows ${what}`, () => shown() || ended(), 60_000).catch((error: unknown) => {
      throw new Error(`${error}\n${this.#output}`)
    })
    if (!shown()) throw new Error(`it ended before it showed ${what}:\n${this.#output}`)
  }

  /** Kills the command and its workers at one moment. */
  async killAll(): Promise<void> {
    const gone = new Promise((done) => this.#child.once('exit', done))
    process.kill(-this.pid, 'SIGKILL')
    await gone
    release('session', String(this.pid))
  }

  /** Ends with this signal, and its code. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const { pid, exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return exitCode
    const gone = new Promise<number | null>((done) => this.#child.once('exit', done))
    this.#child.kill(signal)
    const code = await gone
    if (pid !== undefined) release('session', String(pid))
    return code
  }
}
